"""A safe calculator: its own grammar over exact fractions, nothing is ever evaluated by Python.

sum     = product (("+" | "-") product)*
product = power (("*" | "/" | "mod") power)*
power   = unary ("**" unary)?
unary   = "-" unary | "sqrt" unary | "cbrt" unary | atom "!"?
atom    = number | "(" sum ")"
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

_TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?|\*\*|sqrt|cbrt|mod|[-+*/()!])")
_LONGEST = 60
_LARGEST = 10**60
_LARGEST_FACTORIAL = 40
_DEEPEST = 20


class NoExpression(ValueError):
    """The text is none."""


class TooMuch(ArithmeticError):
    """The result is larger than anybody wants to hear, or there is none; the message is a short sentence."""


def evaluate(text: str) -> Fraction:
    """The value of `text`. Raises `NoExpression` or `TooMuch`."""
    tokens: list[str] = []
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if not found or len(tokens) == _LONGEST:
            raise NoExpression(text)
        tokens.append(found.group(1))
        at = found.end()
    parser = _Parser(tokens)
    value = parser.sum()
    if parser.at < len(tokens):
        raise NoExpression(text)
    return value


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0

    def take(self, *wanted: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at] in wanted:
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def sum(self) -> Fraction:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise NoExpression("too deep")
        value = self.product()
        while sign := self.take("+", "-"):
            value = value + self.product() if sign == "+" else value - self.product()
        self.depth -= 1
        return value

    def product(self) -> Fraction:
        value = self.power()
        while sign := self.take("*", "/", "mod"):
            other = self.power()
            if sign == "*":
                value = _bounded(value * other)
            elif other == 0:
                raise TooMuch("Nothing can be divided by zero.")
            else:
                value = value / other if sign == "/" else value % other
        return value

    def power(self) -> Fraction:
        value = self.unary()
        if not self.take("**"):
            return value
        other = self.unary()
        if other.denominator != 1 or abs(other) > 1000 or (value == 0 and other < 0):
            raise TooMuch("I can not work out that power.")
        if abs(value) > 1 and abs(other) * math.log10(abs(value)) > math.log10(_LARGEST):
            raise TooMuch("That is too large a number for me.")
        return Fraction(value ** int(other))

    def unary(self) -> Fraction:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise NoExpression("too deep")
        if self.take("-"):
            value = -self.unary()
        elif root := self.take("sqrt", "cbrt"):
            value = _root(self.unary(), 2 if root == "sqrt" else 3)
        else:
            value = self.atom()
            while self.take("!"):
                if value.denominator != 1 or not 0 <= value <= _LARGEST_FACTORIAL:
                    raise TooMuch("That is too large a number for me.")
                value = Fraction(math.factorial(int(value)))
        self.depth -= 1
        return value

    def atom(self) -> Fraction:
        if self.take("("):
            value = self.sum()
            if not self.take(")"):
                raise NoExpression("a bracket is open")
            return value
        if self.at < len(self.tokens) and self.tokens[self.at][0].isdigit():
            self.at += 1
            return _bounded(Fraction(self.tokens[self.at - 1]))
        raise NoExpression("a number is missing")


def _bounded(value: Fraction) -> Fraction:
    if abs(value) > _LARGEST:
        raise TooMuch("That is too large a number for me.")
    return value


def _root(value: Fraction, degree: int) -> Fraction:
    if value < 0 and degree == 2:
        raise TooMuch("A negative number has no real square root.")
    size = abs(value)
    exact = [round(float(part) ** (1 / degree)) for part in (size.numerator, size.denominator)]
    if [part**degree for part in exact] == [size.numerator, size.denominator]:
        root = Fraction(*exact)
    else:
        root = Fraction(float(size) ** (1 / degree)).limit_denominator(10**12)
    return -root if value < 0 else root
