"""Regular expressions on strings, in the language of RE2: full match and replacement."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from flowlab._src.errors import InvalidArgumentError
from flowlab._src.graph.arguments import as_text
from flowlab._src.graph.op import Array, Op, Spec, Unary
from flowlab._src.graph.shape import TensorShape
from flowlab._src.graph.tensor import Tensor
from flowlab._src.kernels import re2
from flowlab._src.kernels.strings import collect
from flowlab._src.ops.broadcast import brackets
from flowlab._src.util.export import export


def compiled(pattern: bytes) -> re.Pattern[str]:
    """Compile a pattern; InvalidArgumentError in RE2's words."""
    try:
        return re2.compiled(pattern)
    except re2.PatternError as error:
        shown = pattern.decode(errors="replace")
        refusal = InvalidArgumentError(None, None, f"Invalid pattern: {shown}, error: {error}")
        refusal.fix = "patterns are those of RE2: https://github.com/google/re2/wiki/Syntax"
        raise refusal from None


def scalar_text(value: Any, what: str) -> bytes:
    """The string of an input that must be one."""
    if np.ndim(value) != 0:
        raise InvalidArgumentError(None, None, f"{what} must be scalar, but received {brackets(np.shape(value))}")
    result: bytes = np.asarray(value, object).item()
    return result


class StaticRegexFullMatch(Unary):
    """True where the whole string matches the pattern."""

    pattern: str
    grad = None

    def kernel(self, input: Array[np.object_]) -> Array[np.bool_]:
        pattern = compiled(self.pattern.encode())
        return collect(re2.full_matches(pattern, input.ravel().tolist()), input.shape, np.bool_)


class RegexFullMatch(Op):
    """True where the whole string matches a pattern that is a tensor."""

    grad = None

    def kernel(self, input: Array[np.object_], pattern: Array[np.object_]) -> Array[np.bool_]:
        found = compiled(scalar_text(pattern, "Pattern"))
        return collect(re2.full_matches(found, input.ravel().tolist()), input.shape, np.bool_)

    def shape(self, input: Spec, pattern: Spec) -> TensorShape:
        pattern.ranked(0)
        return input.shape


@export("strings.regex_full_match")
def regex_full_match(input: Any, pattern: Any, name: str | None = None) -> Tensor:
    """Tell which strings match a regular expression as a whole.

    Parameters
    ----------
    input : string Tensor
    pattern : str or string scalar Tensor
        In the syntax of RE2: classes such as `[a-z]`, `\\d`, `\\pL`, groups, repetitions, `(?i)`; no look-ahead, no
        back references.
    name : str, optional

    Returns
    -------
    bool Tensor, shape of `input`

    Raises
    ------
    InvalidArgumentError
        If the pattern is none.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.regex_full_match(["TF lib", "lib TF"], ".*lib$"))
    array([ True, False])
    """
    if isinstance(pattern, (str, bytes)):
        result: Tensor = StaticRegexFullMatch(pattern=as_text(pattern, "pattern"))(input, name=name)
    else:
        result = RegexFullMatch()(input, pattern, name=name)
    return result


class StaticRegexReplace(Unary):
    """Matches of a pattern replaced by another text."""

    pattern: str
    rewrite: str
    replace_global: bool = True
    grad = None

    def kernel(self, input: Array[np.object_]) -> Array[np.object_]:
        pattern, rewrite = compiled(self.pattern.encode()), self.rewrite.encode()
        return collect(re2.replace_all(pattern, rewrite, input.ravel().tolist(), self.replace_global), input.shape)


class RegexReplace(Op):
    """Matches of a pattern replaced by another text; both are tensors."""

    replace_global: bool = True
    grad = None

    def kernel(
        self, input: Array[np.object_], pattern: Array[np.object_], rewrite: Array[np.object_]
    ) -> Array[np.object_]:
        found = compiled(scalar_text(pattern, "Pattern"))
        text = scalar_text(rewrite, "Rewrite")
        return collect(re2.replace_all(found, text, input.ravel().tolist(), self.replace_global), input.shape)

    def shape(self, input: Spec, pattern: Spec, rewrite: Spec) -> TensorShape:
        pattern.ranked(0)
        rewrite.ranked(0)
        return input.shape


@export("strings.regex_replace", "regex_replace")
def regex_replace(
    input: Any, pattern: Any, rewrite: Any, replace_global: bool = True, name: str | None = None
) -> Tensor:
    """Replace what matches a regular expression.

    Parameters
    ----------
    input : string Tensor
    pattern : str or string scalar Tensor
        In the syntax of RE2.
    rewrite : str or string scalar Tensor
        The new text; `\\1` to `\\9` stand for what the groups of the pattern matched, `\\0` for all of it.
    replace_global : bool
        Replace all matches, not only the first.
    name : str, optional

    Returns
    -------
    string Tensor, shape of `input`

    Raises
    ------
    InvalidArgumentError
        If the pattern is none.

    Examples
    --------
    >>> with tf.Session() as sess:
    ...     sess.run(tf.strings.regex_replace("Text with <b>tags</b>.", "<[^>]+>", "*"))
    b'Text with *tags*.'
    """
    if isinstance(pattern, (str, bytes)) and isinstance(rewrite, (str, bytes)):
        op: Op = StaticRegexReplace(as_text(pattern, "pattern"), as_text(rewrite, "rewrite"), replace_global)
        result: Tensor = op(input, name=name)
    else:
        result = RegexReplace(replace_global=replace_global)(input, pattern, rewrite, name=name)
    return result
