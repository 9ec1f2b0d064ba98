"""The agent process: conversation, engine, rooms, the wire's server, configuration, command line."""
