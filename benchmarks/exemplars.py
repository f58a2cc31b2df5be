"""Worked examples for few-shot prompts, written for this package."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A question and a whole answer to it."""

    question: str
    solution: str


MATH_EXEMPLARS = (
    Exemplar(
        r"The line through $(-2, 7)$ and $(4, -5)$ meets the $x$-axis at $(p, 0)$. Find $p$.",
        r"The slope is $\frac{-5 - 7}{4 - (-2)} = \frac{-12}{6} = -2$. "
        r"So the line is $y - 7 = -2(x + 2)$, that is $y = -2x + 3$. "
        r"Setting $y = 0$ gives $2x = 3$, so $p = \frac{3}{2}$. The final answer is $\boxed{\frac{3}{2}}$.",
    ),
    Exemplar(
        r"How many three-digit numbers have three different digits that add up to $6$?",
        r"Three different digits with sum $6$ are $\{0, 1, 5\}$, $\{0, 2, 4\}$ or $\{1, 2, 3\}$. "
        r"Each of the first two sets gives $3! - 2! = 4$ numbers, because the first digit is not $0$. "
        r"The last one gives $3! = 6$. In all there are $4 + 4 + 6 = 14$. The final answer is $\boxed{14}$.",
    ),
    Exemplar(
        r"Let $f(x) = x^2 - 6x + c$. The smallest value of $f$ over the real numbers is $5$. What is $f(1)$?",
        r"Completing the square, $f(x) = (x - 3)^2 + c - 9$, whose smallest value is $c - 9$. "
        r"From $c - 9 = 5$ we get $c = 14$. Then $f(1) = 1 - 6 + 14 = 9$. The final answer is $\boxed{9}$.",
    ),
    Exemplar(
        r"A right triangle has legs $\sqrt{5}$ and $2\sqrt{5}$. "
        r"Find the length of the altitude to its hypotenuse.",
        r"The hypotenuse is $\sqrt{5 + 20} = 5$. The area is $\frac{1}{2} \cdot \sqrt{5} \cdot 2\sqrt{5} = 5$. "
        r"It is also $\frac{1}{2} \cdot 5 \cdot h$, so $h = 2$. The final answer is $\boxed{2}$.",
    ),
)
"""Four short competition-style problems."""

WORD_EXEMPLARS = (
    Exemplar(
        "A bakery sells rolls in bags of 6. Lena needs 50 rolls for a party and already has 8. "
        "How many bags must she buy?",
        r"Lena still needs 50 - 8 = 42 rolls. A bag has 6, so she needs 42 / 6 = 7 bags. "
        r"The final answer is $\boxed{7}$.",
    ),
    Exemplar(
        "A train ticket costs $14. A child pays half of that. "
        "How much do 2 adults and 3 children pay together, in dollars?",
        r"A child pays 14 / 2 = 7 dollars. The adults pay 2 * 14 = 28 dollars and the children 3 * 7 = 21 dollars. "
        r"Together they pay 28 + 21 = 49 dollars. The final answer is $\boxed{49}$.",
    ),
    Exemplar(
        "Omar reads 20 pages on Monday. On each of the next three days he reads 5 pages more than on the day before. "
        "How many pages does he read in the four days?",
        r"On Tuesday he reads 20 + 5 = 25 pages, on Wednesday 25 + 5 = 30 and on Thursday 30 + 5 = 35. "
        r"In the four days he reads 20 + 25 + 30 + 35 = 110 pages. The final answer is $\boxed{110}$.",
    ),
    Exemplar(
        "A water tank holds 240 litres and is a quarter full. A pump adds 12 litres a minute. "
        "How many minutes does it take to fill the tank?",
        r"The tank holds 240 / 4 = 60 litres at first, so 240 - 60 = 180 litres are missing. "
        r"At 12 litres a minute this takes 180 / 12 = 15 minutes. The final answer is $\boxed{15}$.",
    ),
)
"""Four short word problems."""

COUNTDOWN_EXEMPLARS = (
    Exemplar(
        "Use each of the numbers 2, 5, 7 exactly once, with +, -, *, / and parentheses, "
        "to write an expression that equals 24.",
        r"2 * 5 = 10 leaves 7, and 10 + 7 = 17 is too small. 5 + 7 = 12 leaves 2, and 12 * 2 = 24. "
        r"The final answer is $\boxed{(5 + 7) * 2}$.",
    ),
    Exemplar(
        "Use each of the numbers 3, 3, 8, 40 exactly once, with +, -, *, / and parentheses, "
        "to write an expression that equals 14.",
        r"40 / 8 = 5 leaves 3 and 3. 5 * 3 = 15 leaves 3, which gives 12 or 18. 3 * 3 = 9, and 9 + 5 = 14. "
        r"The final answer is $\boxed{3 * 3 + 40 / 8}$.",
    ),
    Exemplar(
        "Use each of the numbers 4, 6, 9 exactly once, with +, -, *, / and parentheses, "
        "to write an expression that equals 30.",
        r"4 * 6 = 24 leaves 9, and 24 + 9 = 33 is too large. 4 * 9 = 36 leaves 6, and 36 - 6 = 30. "
        r"The final answer is $\boxed{4 * 9 - 6}$.",
    ),
    Exemplar(
        "Use each of the numbers 2, 3, 10, 12 exactly once, with +, -, *, / and parentheses, "
        "to write an expression that equals 24.",
        r"12 * 2 = 24 leaves 3 and 10, which make neither 0 nor 1. 3 * 10 = 30 leaves 2 and 12. "
        r"12 / 2 = 6, and 30 - 6 = 24. The final answer is $\boxed{3 * 10 - 12 / 2}$.",
    ),
)
"""Four short Countdown problems."""
