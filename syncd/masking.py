"""Masking: what looks like a secret in a text, whoever wrote it. What is said about secrets stays as it is.

password=hunter2 · pwd: hunter2 · "client_secret": "x"                        the value
Authorization: Bearer x · Cookie: a=b; c=d · postgresql://syncd:hunter2@db    what would let somebody in
the password is wrong · password: must not be empty · password: { env: X }    nothing
"""

from __future__ import annotations

import re

MASK = "***"

# Not compiled before they are used: that takes longer than many a command does with nothing to mask.
_IN_URL = r"(://[^\s/:@]*):[^\s/]+@"
_COOKIES = r"(?i)(cookie:[ \t]*)[^\s\"'=;]+=[^\r\n\"']+"
_TOKEN = r"""(?xi)
    \b eyJ [\w-]{5,} \. [\w-]{5,} (?: \. [\w-]* )?      # a JSON Web Token
    | (?: (?<=\bbearer[ ]) | (?<=\bbasic[ ]) )
      (?= [\w.~+/=-]* \d | [\w.~+/=-]{24} ) [\w.~+/=-]{6,}
"""
_NAMED = r"""(?xi)
    (?P<name>
        (?: (?<![^\W\d_]) pass | pass(?:word|wd|phrase) | pwd | secret(?:_?(?:text|value|key))? | token
          | authori[sz]ation | api[-_ ]?key | client_assertion )
        (?: \\* ["'] )? \]? [ \t]*
        (?: (?P<colon> ::? (?!=|//) ) | :?= (?!=) >? ) [ \t]*
        (?: (?:bearer|basic|negotiate|ntlm) [ \t]+ )?+
    )
    (?! \{ \s* ["']? \w+ ["']? \s* : | \*\*\* )         # a reference, or masked already
    (?: [bru]? (?P<quote> ["'] ) (?: \\. | (?!(?P=quote)) [^\\\n] )+ (?P=quote)
      | (?P<escaped> \\+ ["'] ) .+? (?P=escaped)
      | (?P<bare> \S+?
            (?= [,;)}\]>"'\\]* (?:\s|$)                     # it is the last, or
              | \\* ["'] (?!\w)                             # ends with what it is quoted in, or
              | [,;&] [ \t]* [\w.$-]+ \\* ["']? [ \t]* [=:] )    # another name follows
        )
    )
"""
_SAID = {
    *("none", "null", "true", "false", "str", "bytes", "missing", "required", "empty", "unset"),
    *("expired", "invalid", "wrong", "incorrect", "unknown"),
}
_GOES_ON = r"[,;]?[ \t]+(?!\w+[\"']?[ \t]*[=:])[^\W\d_]"
_LIKE_A_SECRET = r"(?=.*\d)(?=.*[^\W\d_])|.*[!@#$%^&*+=~]|.{16}"


def without_secrets(text: str) -> str:
    """`text` with three stars in the place of everything in it that looks like a secret."""
    text = re.sub(_COOKIES, rf"\1{MASK}", text)
    text = re.sub(_NAMED, _masked, text)
    text = re.sub(_TOKEN, MASK, text)
    return re.sub(_IN_URL, rf"\1:{MASK}@", text)


def _masked(found: re.Match[str]) -> str:
    if found["bare"] and _is_said_about_it(found):
        return found[0]
    quote = found["quote"] or found["escaped"] or ""
    return f"{found['name']}{quote}{MASK}{quote}"


def _is_said_about_it(found: re.Match[str]) -> bool:
    """Whether what follows the name is a word about the secret: one of a few, or the first of a sentence."""
    word = found["bare"]
    if word.lower().rstrip(".!") in _SAID or not re.search(r"\w", word):
        return True
    sentence = found["colon"] and re.compile(_GOES_ON).match(found.string, found.end())
    return bool(sentence) and not re.match(_LIKE_A_SECRET, word)
