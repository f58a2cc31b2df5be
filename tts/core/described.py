"""What identifies a set of options: those that differ from reference values, which never change.

A default may change between versions of this package; what was made under the old one must not take the new one's name,
and what is made under the new one must not take the old one's. So an option is left out where it has its *reference*
value: its default, unless the field says ``json_schema_extra={"reference": ...}``. Whoever changes a default writes the
old one there; whoever adds an option gives as its reference the value under which all is as it was before. A test keeps
the reference values of this package's own options.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python


def reference(field: FieldInfo) -> Any:
    """A field's reference value as JSON; ``PydanticUndefined`` for one that must always be given."""
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "reference" in extra:
        return extra["reference"]
    default = field.get_default(call_default_factory=True, validated_data={})
    return default if default is PydanticUndefined else to_jsonable_python(default)


def described(options: BaseModel) -> dict[str, Any]:
    """The options, as JSON values, that differ from their reference values."""
    values = options.model_dump(mode="json")
    fields = type(options).model_fields
    return {name: v for name, v in values.items() if name not in fields or v != reference(fields[name])}
