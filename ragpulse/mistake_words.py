"""What pydantic finds, in the words of who wrote the file: what stands there, what may stand there, its nearest."""

from collections.abc import Callable, Sequence

from ragpulse.key_words import missing_key, needed_at, unknown_key
from ragpulse.location import kinds_at
from ragpulse.mistake import Mistake
from ragpulse.nearest import nearest

_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS = {
    "greater_than": ("gt", "must be more than"),
    "greater_than_equal": ("ge", "is too small: at least"),
    "less_than": ("lt", "must be less than"),
    "less_than_equal": ("le", "is too large: at most"),
}
# The word that stands for a truth value where a word is asked for.
_SWITCH = {True: "auto", False: "disabled"}


def words(mistakes: Sequence[Mistake]) -> str:
    """`mistakes`: all that is said of one place; several where none of its alternatives fits."""
    first = mistakes[0]
    if len(mistakes) > 1:
        types = dict.fromkeys(_TYPES.get(one.details["type"], one.details["msg"]) for one in mistakes)
        return f"{first.shown} is none of these: {', '.join(types)}"
    if (say := _WORDS.get(first.details["type"])) is not None:
        return say(first)
    message = first.details["msg"]
    return f"{first.shown}: {message[0].lower()}{message[1:]}"


def _other_type(mistake: Mistake) -> str:
    wanted = _TYPES[mistake.details["type"]]
    if mistake.found is None and not mistake.written:
        return f"is empty; {wanted} belongs here"
    return f"{mistake.shown} stands where {wanted} belongs{_mend(mistake, wanted)}"


def _mend(mistake: Mistake, wanted: str) -> str:
    found, written = mistake.found, mistake.written
    if isinstance(found, dict | list):
        return "; write `name: ...` instead of `- ...`" if wanted == "a mapping" else ""
    if wanted == "text":
        return f'; put it into quotes: "{written}"'
    if wanted == "a list":
        return f"; write [{written}]"
    if wanted == "a mapping":
        needed = needed_at(mistake.path, mistake.document)
        return f"; write {{{needed[0]}: {written}}}" if len(needed) == 1 else ""
    return _number(str(found)) if isinstance(found, str) else ""


def _number(text: str) -> str:
    """Where a number belongs."""
    if text.isdecimal():
        return f"; write {text} without quotes"
    if text.endswith("%") and text[:-1].strip().replace(".", "", 1).isdecimal():
        return f"; write {float(text[:-1]) / 100:.10g}"
    return ""


def _out_of_bounds(mistake: Mistake) -> str:
    name, bound = _BOUNDS[mistake.details["type"]]
    limit, found = mistake.context[name], mistake.found
    text = f"{mistake.shown} {bound} {limit:g}"
    if name not in {"lt", "le"} or limit != 1:
        return text
    # Who writes 99.9 where a ratio is asked for means a percentage.
    is_percentage = 1 < found < 100  # noqa: PLR2004 - per cent
    return f"{text}; a ratio belongs here, like {found / 100 if is_percentage else 0.999:.10g}"


def _wrong_value(mistake: Mistake) -> str:
    return str(mistake.context["error"]).replace(repr(mistake.found), mistake.shown, 1)


def _other_word(mistake: Mistake) -> str:
    found = mistake.found
    allowed = mistake.context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
    if isinstance(found, bool) and _SWITCH[found] in allowed:
        return f"{mistake.shown} is not allowed here; write {_SWITCH[found]}"
    return f"{mistake.shown} is not allowed here{nearest(str(found), allowed)}"


def _unknown_kind(mistake: Mistake) -> str:
    kind = mistake.found["kind"]
    return f"unknown kind {kind!r}{nearest(str(kind), kinds_at(mistake.path))}"


_WORDS: dict[str, Callable[[Mistake], str]] = {
    **dict.fromkeys(_TYPES, _other_type),
    **dict.fromkeys(_BOUNDS, _out_of_bounds),
    "extra_forbidden": lambda mistake: unknown_key(mistake.path, mistake.document),
    "missing": lambda mistake: missing_key(mistake.path, mistake.document),
    "value_error": _wrong_value,
    "literal_error": _other_word,
    "union_tag_invalid": _unknown_kind,
    "union_tag_not_found": lambda one: f"kind is missing; one of: {', '.join(kinds_at(one.path))}",
    "too_short": lambda _: "is empty; name at least one",
    "string_too_short": lambda _: "is empty; text belongs here",
    "string_too_long": lambda one: f"is {len(one.found)} characters long; at most {one.context['max_length']}",
}
