r"""One spelling for what is written in many: LaTeX cosmetics, units, currencies, and the like.

Answers are compared by their value, but a parser first has to read them. Each rule of this room undoes one habit of
writing and says why that is safe. The rules only respell: none of them looks at the other answer.

Everything here is linear in the length of the text and imports nothing but the standard library, so that it also runs
in the parent process.
"""

from tts.grading.spelling.latex import clean

__all__ = ["clean"]
