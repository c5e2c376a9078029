"""The part of the package's build that is not Python: kernels for the wheel, where there is a compiler.

Without one, or where the processor is none that the kernels are for, the wheel is the same without
them: Striate then compiles them at their first use, or does without.
"""

from __future__ import annotations

import importlib.util
import shutil
import sysconfig
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NATIVE = Path(__file__).parent / "src" / "striate" / "ops" / "native"


def load_compiler() -> ModuleType:
    """Load the package's own compiling, whose needs are none: the package's are not there yet."""
    spec = importlib.util.spec_from_file_location("striate_compiler", NATIVE / "compiler.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class NativeKernels(BuildHookInterface):
    """Compiles the kernels for each level of the processor into a wheel for this platform."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; an editable checkout compiles at the first use instead, since its source may change."""
        self.made, compiler = None, load_compiler()
        if version == "editable" or not compiler.is_supported():
            return
        self.made = tempfile.mkdtemp(prefix="striate-kernels-")
        libraries = []
        for level in compiler.LEVELS:
            try:
                libraries.append(compiler.compile_library(level, Path(self.made)))
            except OSError as error:
                self.app.display_info(f"without kernels for {level}: {error}")
        if not libraries:
            return
        for library in libraries:
            build_data["force_include"][str(library)] = f"striate/ops/native/built/{library.name}"
        build_data["pure_python"] = False
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Leave nothing behind."""
        if self.made is not None:
            shutil.rmtree(self.made, ignore_errors=True)
