"""What the assistant is, what it can do, what it cannot, and the small change of a conversation."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from .said import Said
from .tool import Arguments, Outcome, Scene, Tool, ToolError

_NO_NETWORK = "I have no connection to the internet"
_CANNOT = (
    (r"\b(?:weather|forecast|temperature outside|rain(?:ing)?|snow(?:ing)?|sunny|umbrella|degrees outside|"
     r"humid(?:ity)?|how (?:hot|cold|warm)"
     r" is it(?: outside| today| in \w+)?$|storm|windy|sunrise|sunset)\b",
     f"I can't tell you about the weather: {_NO_NETWORK}."),
    (r"\b(?:news|headlines?|what (?:is )?happen(?:ed|ing) (?:in the world|today))\b",
     f"I don't know the news: {_NO_NETWORK}."),
    (r"\b(?:stock|stocks|share price|bitcoin|crypto|exchange rate|stock market|price of (?:gold|oil|gas|silver))\b",
     f"I don't know prices of today: {_NO_NETWORK}."),
    (r"\b(?:who won|final score|score of|what was the score|did \w+ win|playing tonight|won the (?:game|match|"
     r"race|election))\b",
     f"I don't know results of today: {_NO_NETWORK}."),
    (r"\b(?:how is (?:the )?traffic|traffic (?:like|on|to|in)|directions to|navigate|how do i get to|near me|"
     r"nearby|(?:nearest|closest) (?:gas|petrol|coffee|train|bus|metro|subway|bank|atm|hospital|pharmacy|"
     r"restaurant|shop|store|"
     r"supermarket|station|cafe|hotel|airport|to (?:me|here|us)))\b",
     "I can't help with that: I know no maps and not where you are."),
    (r"^(?:send|write|read|check|answer|open)(?: me| out| an?| my| the| any)* (?:e-?mails?|text(?: message)?s?|"
     r"messages?|inbox|sms)\b|"
     r"\b(?:send an? (?:e-?mail|text|message)|do i have (?:any )?(?:new )?(?:e-?mails?|messages))\b",
     "I can't send or read messages."),
    (r"^(?:call|phone|dial|ring) (?!me\b|it\b)(?:my |the |up )?[a-z' ]+(?: on .+)?$", "I can't make phone calls."),
    (r"^(?:play|put on|start|turn on|stream)(?: me| some| a| the| my| any)*(?: \w+)* ?(?:music|song|songs|radio|"
     r"playlist|album|jazz|rock|"
     r"podcast|movie|video|film)\b", "I can't play music or videos."),
    (r"^(?:turn|switch|dim|set)(?: on| off| up| down| the| my| all)* ?(?:\w+ )?(?:lights?|lamps?|heating|heater|"
     r"thermostat|tv|television|fan|"
     r"air conditioning)\b|\b(?:lock|unlock|open|close) (?:the |my )?(?:\w+ )?(?:door|garage|window|blinds|curtains)\b",
     "I can't control anything in your home."),
    (r"\b(?:search|look up|google|browse|look)\b.*\b(?:internet|web|online|website|google|wikipedia)\b|^google |"
     r"^(?:open|visit|go to) (?:the |a )?(?:website|web|page|browser)\b|do you have (?:access to )?(?:the )?internet|"
     r"(?:are you|is this|can you go|can you get) (?:connected to the internet|online|on the internet)|"
     r"(?:can|could) you (?:use|access|reach) the (?:internet|web)|are you connected to (?:the )?(?:internet|a "
     r"network|anything)",
     f"I can't look that up: {_NO_NETWORK}."),
    (r"^(?:order|buy|book|reserve|purchase|get me|hire)(?: me| us| a| an| some| the| two| for)* ?(?:\w+ "
     r")*(?:pizza|food|taxi|cab|table|flight|"
     r"hotel|ticket|tickets|restaurant|ride|uber|dinner|train|groceries|room|appointment)\b",
     "I can't order or book anything."),
    (r"\b(?:add|put|schedule|create)\b.*\b(?:to|on|in) (?:my|the) (?:calendar|agenda|diary)\b|\bschedule (?:a|"
     r"an|my) (?:meeting|appointment)|"
     r"what is on my (?:calendar|agenda|schedule)|\bmy (?:next )?(?:meetings|appointments) (?:today|tomorrow)\b",
     "I have no calendar, but I can remember a note or set a timer."),
    (r"^(?:take|make|shoot|snap) (?:a |me a )?(?:photo|picture|selfie|video)|^(?:draw|paint|generate|make) (?:me )?an? "
     r"(?:picture|image|drawing|painting|photo)", "I can't take or make pictures."),
    (r"^(?:translate|how do you say|say) .+ (?:in|into|to) (?:french|german|spanish|italian|chinese|japanese|"
     r"russian|dutch|portuguese|"
     r"korean|arabic|latin|greek|polish|swedish|turkish|hindi|mandarin)$|do you (?:speak|know|understand) "
     r"(?!me\b|english)"
     r"(?:any other languages?|french|german|spanish|italian|chinese|japanese|russian|dutch|portuguese|korean|"
     r"arabic|mandarin|hindi)|"
     r"(?:what|which|how many) (?:other )?languages (?:do|can) you (?:speak|understand|know)|can you translate",
     "I speak English only."),
    (r"^sing\b|\bsing (?:me )?(?:a|something|happy)\b|^(?:hum|whistle|rap|beatbox|dance)\b",
     "I'm afraid I can't sing."),
    (r"(?:what is|do you know|guess|tell me) (?:my|the) (?:age|weight|height|blood type|phone number|address|"
     r"password|bank balance|pin)$|"
     r"^how old am i$|^where am i$|^what am i (?:wearing|thinking|eating|holding|doing)$|(?:which|what) (?:city|"
     r"country|town|street) am i in|"
     r"^who am i$|^what is my name$|^do you know (?:my name|who i am|where i am|where i live|how old i am)$|"
     r"^what am i called$|"
     r"^where do i live$|^where is my \w+$|^where are my \w+$|^where did i (?:put|leave) my \w+$|^what is my "
     r"(?:favou?rite )?\w+$|"
     r"^when is my (?:\w+ )?\w+$|^what number am i thinking of$|^what did i (?:do|eat|have|dream)\b.*$",
     "I don't know that; you have not told me."),
    (r"(?:lottery|winning) numbers|(?:predict|tell me|know) (?:my |the )?future|what will happen (?:tomorrow|"
     r"next)|who will win|"
     r"will i (?:be|get|win|find|have) |when will i |what is my (?:horoscope|future)",
     "Nobody can know that, and neither can I."),
    (r"(?:can|could|will|do) you see me|can you see (?:anything|my face|the room|what i)|are you (?:watching|"
     r"looking at) me", "@see"),
)  # fmt: skip
_WANTS = re.compile(
    r"(?:what|how|is|are|am|will|do|does|did|should|can|could|who|where|when|which|why|tell|give|check|show|any|"
    r"weather|news|"
    r"today|tomorrow|has|have|send|write|read|answer|open|call|phone|dial|ring|play|put|start|turn|stream|"
    r"switch|dim|set|lock|"
    r"unlock|close|search|look|google|browse|visit|go|order|buy|book|reserve|purchase|get|hire|add|schedule|"
    r"create|take|make|"
    r"shoot|snap|draw|paint|generate|translate|say|sing|hum|whistle|rap|beatbox|dance|predict|guess|navigate|"
    r"directions|find|"
    r"stock|bitcoin|traffic|temperature|forecast)\b"
)
"""How a question or an order begins; what merely mentions the weather is neither."""
_SAYS: tuple[tuple[str, str], ...] = (
    (r"(?:what is|what was|tell me|may i (?:ask|know)|can i (?:ask|know)|do you have)(?: about)? (?:your|a) "
     r"(?:name|own name)|"
     r"who are you|what are you called|what do (?:i|people|they|we) call you|(?:what|who) am i (?:talking|"
     r"speaking)(?: to| with)|"
     r"what should i call you|(?:introduce|tell me about) yourself|who is this|who is there|what is your name "
     r"again|you are who|"
     r"and you are|who (?:exactly )?are you|do you have a name|what is yours",
     "I'm Colloquy, a voice assistant that runs on your own machine."),
    (r"what (?:can|could|do|are) you (?:do|able to do|good at|capable of|help with|offer|know how to do|help me "
     r"with)(?: for me)?"
     r"(?: exactly| here)?|how can you (?:help|assist)(?: me)?|what (?:are|is) your (?:abilities|skills|"
     r"capabilities|functions|features|purpose|job)|"
     r"what (?:kind|sort|kinds) of (?:things|stuff|questions|help) (?:can|could|do) (?:you|i) (?:do|ask|answer|"
     r"help|offer|give)(?: you| with)*|"
     r"what (?:can|should|could|may) i (?:ask|say|tell|do)(?: you| to you| with you| here)*|help|help me|i need "
     r"help|what is it (?:that )?you do|"
     r"what are you for|what skills do you have|what do you know|which (?:tools|skills) do you have|what are "
     r"you useful for|"
     r"what can i use you for",
     "I can tell the time and date, set timers, calculate, convert units, remember notes, and chat a little."),
    (r"what (?:can|could) (?:you not|not you) do|what can not you do|what are you (?:not able to do|bad at)|"
     r"what are your (?:limits|limitations)|"
     r"is there anything you can not do|what do you not know",
     "I can't reach the internet, so I know no news and no weather; and I am often wrong about facts."),
    (r"(?:(?:do you know|know) how to )?(?:set|do|make|keep|take|handle|use|run|start|give|tell|work with|deal "
     r"with|help with|"
     r"understand)(?: me| with| some| up)* (?:alarms?|timers|reminders|math|maths|mathematics|arithmetic|sums|"
     r"notes|lists|"
     r"calculations|conversions|units|the time|the date|jokes|addition|multiplication)|(?:remember|remind me of|"
     r"memorise) "
     r"(?:things|stuff|something|notes)(?: for me)?|(?:calculate|count|convert units|tell jokes|do math problems)",
     "Yes, I can."),
    (r"are you (?:an? )?(?:real )?(?:human|person|man|woman|people|real|robot|machine|computer|bot|ai|"
     r"artificial intelligence|program|alive|"
     r"conscious|sentient|real person|human being|living)(?: being)?(?: or (?:an? )?(?:human|person|robot|"
     r"machine|computer|ai|bot|program|not))?",
     "I'm a computer program, not a person."),
    (r"(?:who|which company|what company) (?:made|built|created|programmed|developed|designed|invented|trained|"
     r"owns) you|"
     r"where (?:do you come|are you|did you come) from|who is your (?:creator|maker|boss|owner)|who do you work for",
     "I'm an open source project that people run on their own machines."),
    (r"where (?:are you|do you live|are you located|do you run)(?: right now| now| exactly)?|are you (?:in the "
     r"cloud|running locally|local)|"
     r"where is your (?:server|home|computer)", "I run right here, on this machine."),
    (r"how old are you|when (?:were you|are you) (?:born|made|created)|what is your (?:age|birthday)|when is "
     r"your birthday",
     "I'm a program, so I have no age."),
    (r"(?:are you|do you) (?:recording|record|spying(?: on me)?|listening(?: to (?:me|everything))?|spy on me|"
     r"store what i say|save (?:my voice|"
     r"what i say)|keep recordings?)(?: all the time| always| me| this| now)*|is this (?:private|being recorded|"
     r"recorded|safe)|"
     r"(?:where|who) (?:does|gets|hears) (?:my (?:voice|data|words))(?: go)?|do you share my data|is my data "
     r"(?:safe|private)",
     "I listen only during a call, and everything stays on this machine."),
    (r"(?:can|do) you hear me(?: now| well| okay| clearly)*|are you (?:there|still there|listening|with me|"
     r"awake|here|ready)(?: now| to me)*|"
     r"(?:is )?(?:anybody|anyone|somebody) (?:there|home|here)|testing(?: testing)*(?: 1 2(?: 3)?)?|mic check|"
     r"test test|"
     r"(?:do|did) you (?:understand|get) (?:me|that|what i (?:say|said))|hello are you there|is this (?:thing "
     r")?(?:on|working)",
     "Yes, I can hear you."),
    (r"how are you(?: doing| today| feeling| this (?:morning|evening|afternoon))*|how is it going(?: today)?|"
     r"how do you (?:do|feel)(?: today)?|"
     r"how have you been|are you (?:ok|okay|well|fine|happy|good)(?: today)?|what is up|you all right|how is "
     r"your day(?: going| been)*|"
     r"how are things(?: going| with you)*|how goes it|are you having a good day|everything (?:ok|okay|all right|good)",
     "I'm doing well, thank you. How can I help?"),
    (r"(?:bye|goodbye|good bye|see you|ciao)(?: \w+){1,7}", "Goodbye! Talk to you soon."),
    (r"(?:i think |i must say |wow )?(?:you are|you have been|you did)(?: doing)? (?:a |an )?(?:so |very |"
     r"really )*(?:great|good|nice|"
     r"excellent|wonderful|fantastic|amazing)(?: job| work| help)?(?: today)?", "Thank you, that is kind."),
    (r"(?:thank you|thanks|many thanks|thanks a (?:lot|bunch|million)|thank you (?:so|very) much|thx|cheers|"
     r"much appreciated|i appreciate it|"
     r"thanks for (?:that|your help|the help|helping|everything)|thank you for (?:that|your help|helping(?: "
     r"me)?|everything)|that is (?:very )?"
     r"(?:kind|nice|sweet|helpful)(?: of you)?|that helped|that (?:was|is) (?:great|helpful|perfect|wonderful|"
     r"awesome)(?: thanks| thank you)?|"
     r"great job|good job|well done|nice work|nice job|you (?:are|were) (?:very |so |really )?(?:helpful|great|"
     r"awesome|nice|kind|the best|smart|"
     r"clever|good|brilliant|amazing))(?: (?:very|so) much| indeed| my friend| a lot)*", "You're welcome."),
    (r"(?:hello|hi|hey|hey there|hi there|hello there|howdy|greetings|good (?:day|to (?:see|hear) you)|yo|hiya|"
     r"hello hello)"
     r"(?: colloquy| there| again| friend| my friend| everyone)*", "Hello! How can I help?"),
    (r"(?:a )?(?:good |)(?P<part>morning|afternoon|evening)(?: to you| colloquy)*", "@part"),
    (r"(?:good ?bye|bye|bye bye|see you|see you (?:later|soon|tomorrow|around|then)|good night|have a (?:good|"
     r"nice|great|lovely) "
     r"(?:day|night|evening|one|weekend|time)|talk to you later|take care|that is all|that will be all|i "
     r"(?:have|got|need) to (?:go|leave)"
     r"(?: now)?|so long|until next time|farewell|catch you later|later|we are done(?: here)?|i am done|gotta "
     r"go|sleep well)"
     r"(?: for (?:now|today)| colloquy| then| bye| goodbye| everyone)*", "Goodbye! Talk to you soon."),
    (r"(?:(?:tell|give|say)(?: me| us)? |do you (?:know|have) |have you got |can you make |make |i want |let us "
     r"hear |crack )?"
     r"(?:a|another|one more|some|any|an|one)? ?(?:good |funny |new |short |better |nice |great |quick |silly )*"
     r"(?:jokes?|something funny|pun)(?: please| for me)?|make me (?:laugh|smile)|cheer me up|be funny|say "
     r"something funny", "@joke"),
    (r"(?:tell|give|say)(?: me| us)? (?:something|anything|(?:a|an|some|another|one)(?: \w+)? (?:fact|"
     r"trivia))(?: interesting| fun| cool| new)*|"
     r"(?:a )?fun fact|surprise me|do you know (?:any|a|an)(?: \w+)? facts?|teach me something", "@fact"),
    (r"(?:flip|toss|throw) (?:a|the|me a) coin|heads or tails|coin (?:flip|toss)", "@coin"),
    (r"(?:roll|throw) (?:a|the|me a|some|2)? ?(?:die|dice)(?: for me)?|give me a dice roll", "@die"),
    (r"(?:give me|pick|choose|tell me|think of|say|generate|name)(?: me)? (?:a |any |some |one )?(?:random )?number"
     r"(?: (?:between|from) (?P<low>\d+) (?:and|to) (?P<high>\d+))?", "@number"),
    (r"i love you|do you (?:love|like) me|will you marry me|marry me|do you have a (?:girlfriend|boyfriend|wife|"
     r"husband|family)|are you single",
     "That is kind of you, but I'm only a program."),
    (r"(?:you are|you) (?:so |very |really )?(?:stupid|dumb|useless|an idiot|wrong|annoying|terrible|bad)|that "
     r"(?:is|was) (?:wrong|not right|"
     r"incorrect|not correct|not true|nonsense|false)|no that is (?:wrong|not right)|you got that wrong|wrong",
     "I'm sorry. Please say it again in other words, and I will try again."),
    (r"i am (?:so |very |really |a bit |feeling |a little )*(?:sad|lonely|depressed|unhappy|down|upset|"
     r"miserable|not (?:well|good|happy))(?: today)?",
     "I'm sorry to hear that. I'm here if you would like to talk."),
    (r"i am (?:so |very |really |a bit |feeling |a little )*(?:bored|tired|sleepy|exhausted)(?: today)?",
     "I see. Would you like to hear a joke?"),
    (r"i am (?:so |very |really |feeling )*(?:happy|great|good|fine|well|okay|excited|doing (?:well|good|fine|"
     r"great))(?: today)?(?: too)?",
     "I'm glad to hear that."),
    (r"(?:it is|today is) my birthday(?: today)?|i turn(?:ed)? \d+ today", "Happy birthday!"),
    (r"nice to meet you(?: too)?|pleased to meet you|it is (?:nice|good|a pleasure) to meet you|good to meet "
     r"you", "Nice to meet you, too."),
    (r"(?:never mind|nevermind|forget it|it does not matter|no matter|nothing|no thanks|no thank you|not now|no "
     r"that is (?:all|it)|skip it|"
     r"that is fine|it is fine|all good)", "All right."),
    (r"(?:are|do) you (?:sure|certain|positive)(?: about that)?|is that (?:right|true|correct)|really", "@sure"),
    (r"what (?:language model|model|ai|llm|engine) (?:are you|do you use|is this|powers you|runs you)|which "
     r"(?:model|version) are you|"
     r"are you (?:chat ?gpt|siri|alexa|gpt|google|cortana|claude|gemini|bixby|hal)(?: \d)?|how do you work|what "
     r"are you",
     "I'm Colloquy: a small language model with ears and a voice, on your own machine."),
    (r"what is your favou?rite .+|what (?:do you like|is your hobby|are your hobbies)(?: to do| most)?|do you "
     r"have (?:a |any )?(?:hobby|hobbies|"
     r"favou?rites?|feelings|emotions|dreams|pets|friends|siblings|opinions?)(?: .+)?|do you (?:sleep|eat|dream|"
     r"drink|feel|get tired|breathe|"
     r"cry)(?: .+)?|what do you (?:eat|drink|dream of|look like)|can you (?:feel|think|dream|eat|sleep|smell|"
     r"taste)(?: .+)?",
     "I'm a program, so I have nothing of that kind."),
)  # fmt: skip
JOKES = (
    "Why did the scarecrow win a prize? Because he was outstanding in his field.",
    "What do you call a bear with no teeth? A gummy bear.",
    "Why did the bicycle fall over? It was two tired.",
    "What did zero say to eight? Nice belt.",
    "I would tell you a joke about paper, but it is tearable.",
)
FACTS = (
    "Honey never goes bad.",
    "An octopus has three hearts.",
    "A day on Venus is longer than its year.",
    "Bananas are berries, but strawberries are not.",
    "Light from the sun takes about eight minutes to reach us.",
)


def _turn(choices: Sequence[str], scene: Scene) -> str:
    """The next of `choices` that was not said in this call."""
    said = {line.text.strip() for line in scene.said if not line.by_user}
    start = scene.now.toordinal()
    turned = [choices[(start + at) % len(choices)] for at in range(len(choices))]
    return next((choice for choice in turned if choice not in said), turned[0])


def _dice(scene: Scene, sides: int) -> int:
    """A number from 1 to `sides`: the time of the call decides, which nobody can foresee."""
    return scene.now.microsecond % sides + 1


def chat(words: str, scene: Scene) -> str | None:
    """What to say to a greeting, or to a question about the assistant; None where `words` are neither."""
    for pattern, says in _SAYS:
        if found := re.fullmatch(pattern, words):
            return _special(says, found, scene) if says.startswith("@") else says
    return None


def limit(words: str, scene: Scene) -> str | None:
    """What to say to a wish that cannot be granted; None where `words` are none of those that are known."""
    if not _WANTS.match(words) or len(words.split()) > 16:
        return None
    for pattern, says in _CANNOT:
        if found := re.search(pattern, words):
            return _special(says, found, scene) if says.startswith("@") else says
    return None


def _special(says: str, found: re.Match[str], scene: Scene) -> str | None:
    match says:
        case "@see":
            if scene.seen is None:
                return "No, I have no eyes."
            if not scene.seen.camera:
                return "No, the camera is off."
            return "I can read text and codes and tell colours, but I do not recognise people or things."
        case "@part":
            return f"Good {found['part']}! How can I help?"
        case "@joke":
            return _turn(JOKES, scene)
        case "@fact":
            return _turn(FACTS, scene)
        case "@coin":
            return ("Heads.", "Tails.")[_dice(scene, 2) - 1]
        case "@die":
            return f"You rolled a {_dice(scene, 6)}."
        case "@number":
            low, high = int(found["low"] or 1), int(found["high"] or 10)
            return f"{low + _dice(scene, high - low + 1) - 1}." if low < high else None
        case "@sure":
            return "I believe so, but I can be wrong." if any(not line.by_user for line in scene.said) else None
    return None


def _tool(name: str, description: str, answer: Callable[[str, Scene], str | None]) -> Tool:
    def run(arguments: Arguments, scene: Scene) -> Outcome:
        says = answer(str(arguments.get("words") or ""), scene)
        if says is None:
            raise ToolError("I do not know.")
        return Outcome(says)

    def hear(said: Said, scene: Scene) -> Arguments | None:
        for words in dict.fromkeys((said.core, said.words)):
            if answer(words, scene) is not None:
                return {"words": words}
        return None

    properties = {"words": {"type": "string", "description": "what the user said"}}
    return Tool(name, description, run, hear, properties, ("words",))


SMALL_TALK = _tool("about_me", "Says what the assistant is and can do, and answers greetings.", chat)
LIMITS = _tool("not_possible", "Says honestly what the assistant cannot do or know.", limit)
