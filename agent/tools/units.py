"""Units of everyday life: one small table, exact factors, no guessing between kinds.

Factors are the definitions: international yard and pound (1959), US customary volumes (a gallon is 231 cubic inches).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from .numbers import about, plain
from .tool import Arguments, Outcome, Scene, Tool, ToolError, sentence


@dataclass(frozen=True, slots=True)
class Unit:
    """`one` and `many` as they are spoken; so many `factor` of the kind's base unit; zero lies at `offset` of it."""

    one: str
    many: str
    kind: str
    factor: Fraction
    offset: Fraction = Fraction(0)


def _unit(one: str, kind: str, factor: str, names: str = "", many: str = "", offset: str = "0") -> dict[str, Unit]:
    many = many or one + "s"
    unit = Unit(one, many, kind, Fraction(factor), Fraction(offset))
    spelt = [one, many, *names.split(",")] if names else [one, many]
    return {name.strip().replace("metre", spelling).replace("litre", "liter" if spelling == "meter" else "litre"): unit
            for name in spelt for spelling in ("metre", "meter")}  # fmt: skip


_TABLES: tuple[dict[str, Unit], ...] = (
    # length, in metres
    _unit("metre", "length", "1", "m"),
    _unit("kilometre", "length", "1000", "km,kms,k"),
    _unit("centimetre", "length", "1/100", "cm"),
    _unit("millimetre", "length", "1/1000", "mm"),
    _unit("inch", "length", "0.0254", "in", "inches"),
    _unit("foot", "length", "0.3048", "ft", "feet"),
    _unit("yard", "length", "0.9144", "yd"),
    _unit("mile", "length", "1609.344", "mi"),
    _unit("nautical mile", "length", "1852"),
    _unit("light year", "length", "9460730472580800"),
    _unit("marathon", "length", "42195"),
    # mass, in kilograms
    _unit("kilogram", "mass", "1", "kg,kilo,kilos,kilogramme,kilogrammes,kgs"),
    _unit("gram", "mass", "1/1000", "g,gramme,grammes"),
    _unit("milligram", "mass", "1/1000000", "mg"),
    _unit("pound", "mass", "0.45359237", "lb,lbs"),
    _unit("ounce", "mass", "0.028349523125", "oz"),
    _unit("stone", "mass", "6.35029318", many="stone", names="stones"),
    _unit("tonne", "mass", "1000", "metric ton,metric tons"),
    _unit("ton", "mass", "907.18474", "short ton,us ton"),
    # volume, in litres
    _unit("litre", "volume", "1", "l"),
    _unit("millilitre", "volume", "1/1000", "ml,milliliter,milliliters"),
    _unit("centilitre", "volume", "1/100", "cl,centiliter,centiliters"),
    _unit("decilitre", "volume", "1/10", "dl,deciliter,deciliters"),
    _unit("cubic metre", "volume", "1000"),
    _unit("gallon", "volume", "3.785411784", "gal,us gallon,us gallons"),
    _unit("quart", "volume", "0.946352946", "qt"),
    _unit("pint", "volume", "0.473176473"),
    _unit("cup", "volume", "0.2365882365"),
    _unit("fluid ounce", "volume", "0.0295735295625", "fl oz,ounce,ounces,oz"),
    _unit("tablespoon", "volume", "0.01478676478125", "tbsp,table spoon,table spoons"),
    _unit("teaspoon", "volume", "0.00492892159375", "tsp,tea spoon,tea spoons"),
    # time, in seconds
    _unit("second", "time", "1", "sec,secs"),
    _unit("millisecond", "time", "1/1000", "ms"),
    _unit("minute", "time", "60", "min,mins"),
    _unit("hour", "time", "3600", "hr,hrs"),
    _unit("day", "time", "86400"),
    _unit("week", "time", "604800"),
    _unit("fortnight", "time", "1209600"),
    _unit("year", "time", "31536000"),
    _unit("leap year", "time", "31622400"),
    _unit("decade", "time", "315360000"),
    _unit("century", "time", "3153600000", many="centuries"),
    # calendars count months and years exactly, seconds do not
    _unit("month", "calendar", "1"),
    _unit("year", "calendar", "12"),
    _unit("decade", "calendar", "120"),
    _unit("century", "calendar", "1200", many="centuries"),
    _unit("quarter", "calendar", "3"),
    # temperature, in kelvin
    _unit("degree Celsius", "temperature", "1", "celsius,degrees celsius,degree celsius,centigrade,degrees "
                                                "centigrade,c,"
          "degrees c", "degrees Celsius", offset="273.15"),
    _unit("degree Fahrenheit", "temperature", "5/9", "fahrenheit,degrees fahrenheit,degree fahrenheit,f,degrees f",
          "degrees Fahrenheit", offset="45967/180"),
    _unit("kelvin", "temperature", "1", "kelvins,degrees kelvin,k", "kelvin"),
    # speed, in metres a second
    _unit("kilometre per hour", "speed", "5/18", "kilometers per hour,kilometres an hour,kilometers an hour,km/h,kmh,"
          "kph,kilometre an hour", "kilometres per hour"),
    _unit("mile per hour", "speed", "0.44704", "miles an hour,mph,mile an hour", "miles per hour"),
    _unit("metre per second", "speed", "1", "meters per second,metres a second,meters a second,m/s",
          "metres per second"),
    _unit("knot", "speed", "463/900"),
    # area, in square metres
    _unit("square metre", "area", "1"),
    _unit("square kilometre", "area", "1000000"),
    _unit("square foot", "area", "0.09290304", many="square feet"),
    _unit("square inch", "area", "0.00064516", many="square inches"),
    _unit("square yard", "area", "0.83612736"),
    _unit("square mile", "area", "2589988.110336"),
    _unit("acre", "area", "4046.8564224"),
    _unit("hectare", "area", "10000"),
    # data, in bytes
    _unit("bit", "data", "1/8"),
    _unit("byte", "data", "1"),
    _unit("kilobyte", "data", "1000", "kb"),
    _unit("megabyte", "data", "1000000", "mb,megs"),
    _unit("gigabyte", "data", "1000000000", "gb,gigs,gig"),
    _unit("terabyte", "data", "1000000000000", "tb"),
    # energy, in joules
    _unit("joule", "energy", "1"),
    _unit("kilojoule", "energy", "1000", "kj"),
    _unit("calorie", "energy", "4184", "kilocalorie,kilocalories,kcal"),
    _unit("kilowatt hour", "energy", "3600000", "kwh"),
    # angles and counts
    _unit("degree", "angle", "1"),
    _unit("right angle", "angle", "90"),
    _unit("full turn", "angle", "360", "circle,full circle"),
    _unit("dozen", "count", "12", many="dozen"),
    _unit("score", "count", "20"),
    _unit("gross", "count", "144", many="gross"),
    _unit("piece", "count", "1", "items,eggs,things,ones,item,thing,pieces,donuts,bagels"),
    _unit("cent", "money", "1", "pennies,penny"),
    _unit("dollar", "money", "100", "buck,bucks"),
    _unit("quarter", "money", "25"),
    _unit("dime", "money", "10"),
    _unit("nickel", "money", "5"),
)  # fmt: skip
UNITS: dict[str, list[Unit]] = {}
"""Name -> the units that go by it, of different kinds."""
for _table in _TABLES:
    for _name, _one in _table.items():
        if _one not in UNITS.setdefault(_name, []):
            UNITS[_name].append(_one)
del _table, _name, _one

_U = "(?:" + "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True)) + ")"
_N = r"(?:(?:minus |negative |-)?\d+(?:\.\d+)?(?:/\d+)?)"
_AMOUNT = (
    rf"(?:(?P<n>{_N}|a|an|1|one|the|half an?|half of an?|0\.5 an?|a single|every|each) ?)?(?:of an? |of )?(?P<u>{_U})"
)
_REST = rf"(?:(?: and)? (?P<n2>{_N}) ?(?P<u2>{_U})?)?"
_TO = rf"(?P<v>{_U})"
_SOME = (
    r"(?:(?:i am|it is|he is|she is|they are|this is|that is|my \w+ is|the \w+ (?:is|says)|i (?:have|weigh|need|ran|"
    r"walked|drove)|it says|something is) (?:about )?)?"
)
_WAY = r"(?: (?:tall|long|high|heavy|deep|wide|hot|cold|old|far|fast|big))?"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"how many {_TO} (?:are |is |do |does |would |will |can )?(?:there |you |we |i |it )?(?:get |have |fit "
        rf"|find )?"
        rf"(?:are )?(?:in|to|into|make(?: up)?|equals?|is|are in|go into|inside|contained in|within|from|for) "
        rf"{_AMOUNT}{_REST}"
        r"(?: (?:have|contain|hold|of \w+))?",
        rf"how many {_TO} (?:is|are|equals?|does|do|would|will|makes?) {_AMOUNT}{_REST}"
        r"(?: (?:have|contain|equal|make|hold|come to|last|be))?",
        rf"(?:convert|change|turn|translate|express|put|give me|show me) {_AMOUNT}{_REST} (?:in)?to {_TO}",
        rf"(?:express|give me|put|show me|convert|write) {_AMOUNT}{_REST} (?:in|as) {_TO}",
        rf"(?:what is|what are|what would|how (?:much|many|far|long|tall|heavy|hot|cold|big|fast|high|deep|wide|old) "
        rf"(?:is|are|would|will)|what does|how much does) {_AMOUNT}{_REST}(?: be| equal| come to| weigh| measure)?"
        rf" (?:in|to|into|as|expressed in|converted (?:in)?to) {_TO}",
        rf"(?:in )?{_TO} how (?:much|many|far|long|tall|heavy|hot|cold|big|fast|high|deep|wide) (?:is|are) "
        rf"{_AMOUNT}{_REST}",
        rf"{_AMOUNT}{_REST} (?:in|to|into|as|is how many|equals how many|is what in|how many|converted to|how much in|"
        rf"is how much in|make how many|makes how many|are how many|would be how many) {_TO}",
        rf"{_SOME}{_AMOUNT}{_REST}{_WAY} how (?:many|much) {_TO} (?:is|are|would|does|makes?|do)(?: (?:that|it|"
        rf"this|i|be|make|have))*",
        rf"{_SOME}{_AMOUNT}{_REST}{_WAY} in {_TO}(?: how (?:much|many|long|far|tall|heavy|hot|cold|fast))?(?: "
        rf"(?:is|would|are))?"
        r"(?: (?:that|it|this|be|i))*",
        rf"{_SOME}{_AMOUNT}{_REST}{_WAY} (?:how (?:much|many|long|far|tall|heavy|hot|cold|fast|big)|what) (?:is|"
        rf"would|am|are)"
        rf"(?: (?:that|it|this|be|i))* (?:in|as) {_TO}",
        rf"how many {_TO}{_WAY} (?:is|are|has|have) (?:(?:a|an|the|my|your) )?(?:\w+ ){{0,3}}?(?:that |who |which )?"
        rf"(?:is |are |of |has )?{_AMOUNT}{_REST}{_WAY}",
        rf"if (?:something|it|this|that|i|a \w+|the \w+)(?: \w+)? (?:is|am|are|weighs?|has|measures?) {_AMOUNT}{_REST}"
        rf"(?: (?:long|tall|heavy|deep|wide|hot))?(?: how (?:much|many|long|tall|heavy))?(?: is (?:that|it))? "
        rf"(?:in )?{_TO}",
    )
)


def hear(words: str) -> Arguments | None:
    """What the words convert; None where they are not a conversion between units of one kind."""
    text = re.sub(r"\b(?:degrees?) (celsius|centigrade|fahrenheit|kelvin|c|f)\b", r"degrees \1", words)
    text = re.sub(r"\b(\d+) degrees (?=(?:in|to|into) )", _degrees_of(text), text)
    text = re.sub(r"\bdegrees (celsius|fahrenheit|centigrade|kelvin)\b", r"\1", text)
    for pattern in _PATTERNS:
        found = pattern.fullmatch(text)
        if not found:
            continue
        given = found.groupdict()
        amounts = [(_count(given["n"]), given["u"])]
        if given.get("n2"):
            amounts.append((Fraction(given["n2"]), given["u2"] or _below(given["u"])))
        parts = [{"amount": plain(amount), "unit": unit} for amount, unit in amounts]
        arguments: Arguments = {"parts": parts, "to": given["v"]}
        if _solve(arguments) is not None:
            return arguments
    return None


def _degrees_of(text: str) -> str:
    """Degrees without a scale are the other one than that asked for."""
    if re.search(r"(?:in|to|into) (?:degrees )?(?:celsius|centigrade|c)$", text):
        return r"\1 fahrenheit "
    return r"\1 celsius " if re.search(r"(?:in|to|into) (?:degrees )?(?:fahrenheit|f)$", text) else r"\1 degrees "


def _count(number: str | None) -> Fraction:
    if number is None or number in ("a", "an", "one", "the", "a single", "every", "each"):
        return Fraction(1)
    if number.startswith(("half", "0.5")):
        return Fraction(1, 2)
    return Fraction(re.sub(r"^(?:minus|negative) ", "-", number))


def _below(unit: str) -> str:
    """5 foot 11: inches."""
    smaller = {"foot": "inches", "feet": "inches", "pound": "ounces", "stone": "pounds", "hour": "minutes"}
    return (smaller | {"minute": "seconds"}).get(unit if unit == "feet" else unit.removesuffix("s"), unit)


def _solve(arguments: Arguments) -> tuple[list[tuple[Fraction, Unit]], Unit, Fraction] | None:
    """The parts, the unit asked for, and how many of it they are; None where they are of different kinds."""
    parts = arguments.get("parts")
    wanted = UNITS.get(str(arguments.get("to", "")), [])
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        return None
    for to in wanted:
        chosen: list[tuple[Fraction, Unit]] = []
        for part in parts:
            same = [unit for unit in UNITS.get(str(part.get("unit", "")), []) if unit.kind == to.kind]
            try:
                amount = Fraction(str(part.get("amount", "")))
            except (ValueError, ZeroDivisionError):
                return None
            if same:
                chosen.append((amount, same[0]))
        if len(chosen) < len(parts) or all(unit == to for _, unit in chosen):
            continue
        base = sum((amount * unit.factor + unit.offset for amount, unit in chosen), Fraction(0))
        return chosen, to, (base - to.offset) / to.factor
    return None


def _named(amount: Fraction, unit: Unit) -> str:
    if amount == 1 and unit.kind != "temperature":
        return f"{'An' if unit.one[0] in 'aeio' or unit.one == 'hour' else 'A'} {unit.one}"
    return f"{about(amount)} {unit.one if amount == 1 else unit.many}"


def _run(arguments: Arguments, scene: Scene) -> Outcome:
    solved = _solve(arguments)
    if solved is None:
        raise ToolError("I can not convert between those units.")
    parts, to, value = solved
    given = " and ".join(_named(amount, unit) for amount, unit in parts)
    if len(parts) == 1 and parts[0][0] == 1 and parts[0][1].kind == "temperature":
        given = f"1 {parts[0][1].one}"
    verb = "is" if len(parts) > 1 or parts[0][0] == 1 or parts[0][1].kind != "count" else "are"
    result = f"{about(value)} {to.one if value == 1 else to.many}"
    return Outcome(sentence(f"{given} {verb} {result}"))


CONVERT = Tool(
    "convert_units",
    "Converts lengths, weights, volumes, times, temperatures, speeds, areas and amounts of data.",
    _run,
    lambda said, scene: hear(said.core),
    {
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"amount": {"type": "string"}, "unit": {"type": "string"}},
                "required": ["amount", "unit"],
            },
            "description": "what to convert, such as 5 feet and 11 inches",
        },
        "to": {"type": "string", "description": "the unit wanted"},
    },
    ("parts", "to"),
)
