"""What happens beside the training: history, progress, stopping early, keeping the best."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "BackupAndRestore": ".backup",
        "CSVLogger": ".csv_logger",
        "Callback": ".base",
        "CallbackList": ".callback_list",
        "EarlyStopping": ".early_stopping",
        "History": ".history",
        "LambdaCallback": ".functional",
        "LazyLogs": ".logs",
        "LearningRateScheduler": ".schedule",
        "ModelCheckpoint": ".checkpoint",
        "ProgbarLogger": ".progress",
        "ReduceLROnPlateau": ".schedule",
        "SwapEMAWeights": ".averaging",
        "TensorBoard": ".tensorboard",
        "TerminateOnNaN": ".termination",
    },
)
