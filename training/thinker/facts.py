"""Small tables of what everybody may ask, written here. The spoken task set asks for none of these."""

from __future__ import annotations

CAPITALS = {
    "France": "Paris", "Germany": "Berlin", "Spain": "Madrid", "Portugal": "Lisbon", "Austria": "Vienna",
    "Greece": "Athens", "Poland": "Warsaw", "Sweden": "Stockholm", "Norway": "Oslo", "Finland": "Helsinki",
    "Denmark": "Copenhagen", "Ireland": "Dublin", "Belgium": "Brussels", "Hungary": "Budapest", "Egypt": "Cairo",
    "Kenya": "Nairobi", "Canada": "Ottawa", "Mexico": "Mexico City", "Argentina": "Buenos Aires", "Chile": "Santiago",
    "Peru": "Lima", "China": "Beijing", "India": "New Delhi", "Thailand": "Bangkok", "Vietnam": "Hanoi",
    "Turkey": "Ankara", "Russia": "Moscow", "Australia": "Canberra", "Cuba": "Havana", "South Korea": "Seoul",
}  # fmt: skip
OPPOSITES = {
    "big": "small", "tall": "short", "fast": "slow", "early": "late", "open": "closed", "full": "empty", "old": "young",
    "happy": "sad", "loud": "quiet", "soft": "hard", "wet": "dry", "light": "dark", "near": "far", "rich": "poor",
    "strong": "weak", "clean": "dirty", "left": "right", "up": "down", "north": "south", "day": "night",
}  # fmt: skip
ANIMALS = {
    "dog": ("barks", "four legs", "a puppy"), "cat": ("meows", "four legs", "a kitten"),
    "horse": ("neighs", "four legs", "a foal"), "sheep": ("bleats", "four legs", "a lamb"),
    "duck": ("quacks", "two legs", "a duckling"), "lion": ("roars", "four legs", "a cub"),
    "pig": ("grunts", "four legs", "a piglet"), "goat": ("bleats", "four legs", "a kid"),
    "owl": ("hoots", "two legs", "an owlet"), "frog": ("croaks", "four legs", "a tadpole"),
}  # fmt: skip
THINGS = {
    "an umbrella": "It keeps you dry when it rains.", "a compass": "It shows you where north is.",
    "a thermometer": "It measures how warm something is.", "a library": "It lends books to people.",
    "a bridge": "It takes a road across water.", "a lighthouse": "It shows ships the way at night.",
    "a mirror": "It shows you yourself.", "a kettle": "It boils water.", "a key": "It opens a lock.",
    "a map": "It shows where places are.", "a pillow": "It makes lying down more comfortable.",
    "a telescope": "It makes far things look near.", "a dictionary": "It tells you what words mean.",
    "a fridge": "It keeps food cold.", "a ladder": "It helps you climb up.", "soap": "It helps water wash off dirt.",
}  # fmt: skip
REASONS = {
    "Why do leaves fall in autumn?": "Trees drop their leaves to save water in the cold months.",
    "Why do we have seasons?": "Because the earth is tilted as it goes around the sun.",
    "Why does the moon change its shape?": "Because we see different parts of it lit by the sun.",
    "Why do birds fly south?": "They look for warmer places with more food.",
    "Why does bread rise?": "Yeast makes gas in the dough, and that makes it rise.",
    "Why do we yawn?": "Nobody knows for sure, but it often happens when we are tired.",
    "Why does metal feel cold?": "It takes the warmth from your hand quickly.",
    "Why do cats purr?": "Mostly because they feel safe and content.",
    "Why is it dark at night?": "Because our side of the earth is turned away from the sun.",
    "Why do onions make us cry?": "Cutting them lets out a gas that stings the eyes.",
    "Why does salt melt ice?": "Salty water freezes only when it is colder.",
    "Why do we need teeth?": "To bite and chew our food.",
}
ADVICE = {
    "How do I boil an egg?": "Put it in boiling water for eight minutes, then cool it down.",
    "How can I fall asleep faster?": "Keep the room dark and cool, and put your phone away.",
    "How do I remove a stain?": "Dab it with cold water and a little soap, and do not rub.",
    "How can I learn a language?": "Practise a little every day, and speak as much as you can.",
    "How do I keep plants alive?": "Give them light, and water them when the soil is dry.",
    "What can I do against a headache?": "Drink some water and rest. If it stays, ask a doctor.",
    "How do I tie a scarf?": "Fold it in half, put it around your neck, and pull the ends through the loop.",
    "What should I take on a hike?": "Water, something to eat, a jacket, and a map.",
    "How can I save money?": "Write down what you spend, and put a little aside every month.",
    "What is a good breakfast?": "Oats with fruit are quick and keep you full.",
    "How do I make friends in a new city?": "Join a club or a class, and say yes to invitations.",
    "How do I calm down before an exam?": "Breathe slowly, and look at what you know, not at what you do not.",
}
TELLS = (
    ("I just came home from work.", "Welcome home. I hope it was a good day."),
    ("I am cooking dinner.", "That sounds nice. What are you making?"),
    ("I have a headache.", "I am sorry to hear that. Some water and rest may help."),
    ("I won a prize today!", "Congratulations! That is wonderful."),
    ("My train was late again.", "That is annoying. I hope you did not miss anything."),
    ("It is snowing here.", "How lovely. Keep warm."),
    ("I am learning to swim.", "Good for you. Take it one stroke at a time."),
    ("I got a new puppy.", "How exciting! What is its name?"),
    ("I cannot find anything to watch.", "Then it may be a good evening for a book."),
    ("I am going on holiday tomorrow.", "Have a wonderful time."),
    ("I had a fight with my friend.", "I am sorry. Maybe a short message would be a start."),
    ("I am so tired today.", "Then be kind to yourself, and rest a little."),
    ("I finished my book.", "Well done. Did you like it?"),
    ("My brother is getting married.", "How wonderful. Give them my best wishes."),
)
NOT_KNOWN = (
    "What did my neighbour say yesterday?", "How many people are in my street right now?", "What is my boss thinking?",
    "Which song is on the radio now?", "What does my aunt want for her birthday?", "Is my front door locked?",
    "How much money is in my wallet?", "What is my cat doing?", "Did anybody ring the bell?",
    "What will my exam questions be?", "Which train did my friend take?", "Is there milk in my fridge?",
)  # fmt: skip
STORIES = (
    "Bread is one of the oldest foods. People ground grain between stones, mixed it with water, and baked it on hot "
    "rocks. Later they found that old dough makes new dough rise.",
    "An aeroplane flies because its wings push air downwards. The faster it goes, the more air they push. That is why "
    "it needs a long runway.",
    "Once there was a dragon who was afraid of fire. He lived alone on a mountain and ate cold soup. One day a girl "
    "brought him a candle.",
    "Tea came from China. People drank it as a medicine at first. Traders carried it over mountains and seas, and soon "
    "everybody wanted it.",
    "A rainbow is made of sunlight and rain. Each drop bends the light and splits it into colours. You see it when the "
    "sun is behind you.",
    "Bees live in large families. Some look for flowers, some guard the door, and one lays all the eggs. They dance to "
    "tell each other the way.",
)
