"""What a person can do, once, for the command line and for notebooks: train, evaluate, predict, look."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Recipe": ".recipe",
        "actions": ".actions",
        "evaluate": ".actions",
        "predict": ".actions",
        "read_recipe": ".recipe",
        "recipe": ".recipe",
        "resume": ".actions",
        "summary": ".actions",
        "train": ".actions",
        "wording": ".wording",
        "write_recipe": ".recipe",
    },
)
