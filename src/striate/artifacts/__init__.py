"""Everything on disk: bytes, dicts and arrays. Knows nothing of layers."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ModelFile": ".model_file",
        "check_suffix": ".foreign",
        "read_json": ".json_file",
        "read_model_file": ".model_file",
        "read_toml": ".toml_file",
        "write_json": ".json_file",
        "write_model_file": ".model_file",
        "write_toml": ".toml_file",
    },
)
