"""The rules of turn-taking: what each cell of the table does."""
