from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import striate
from striate.cli.main import WELCOME, main
from striate.cli.verbs.evaluate import evaluate
from striate.cli.verbs.train import train
from striate.core.errors import ArgumentError, StriateError
from striate.datasets.opening import open_data
from tests.workbench.toy import write_toy

GOLDEN = Path(__file__).parents[1] / "golden" / "help"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(striate.__path__[0]).parent)}


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder with toy.npz and networks.py, as the current one."""
    write_toy(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder with the run `toy`; not to be changed."""
    folder = tmp_path_factory.mktemp("trained")
    write_toy(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert (
            main(
                [
                    "train",
                    "toy.npz",
                    "model=networks.py:stack",
                    "epochs=12",
                    "learning-rate=0.05",
                    "--no-report",
                ]
            )
            == 0
        )
    return folder


@pytest.fixture
def run(trained, tmp_path, monkeypatch) -> Path:
    """A copy of the folder with the run `toy`, as the current one."""
    folder = tmp_path / "place"
    shutil.copytree(trained, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    "verb",
    [
        "",
        "train",
        "evaluate",
        "predict",
        "summary",
        "see",
        "report",
        "convolve",
        "augment",
        "cache",
        "runtime",
        "tune-kernels",
    ],
)
def test_the_help_reads_as_it_did(verb, capsys, monkeypatch):
    # Set STRIATE_WRITE_GOLDEN to write the texts anew, then read what changed.
    monkeypatch.setenv("COLUMNS", "40")
    assert main([*filter(None, [verb]), "--help"]) == 0
    path = GOLDEN / f"{verb or 'striate'}.txt"
    found = capsys.readouterr().out
    if os.environ.get("STRIATE_WRITE_GOLDEN"):
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


def test_without_words_it_says_what_can_be_done(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out == WELCOME
    first = re.search(r"striate (.*?)  ", WELCOME)
    assert first is not None
    assert first[1] == "train digits"


def test_the_version_is_said(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"striate {striate.__version__}\n"


def test_the_help_loads_no_heavy_library():
    script = (
        "import sys; from striate.cli.main import main; main(['train', '--help']); main([]);"
        "print({'torch', 'matplotlib', 'sklearn', 'scipy'} & set(sys.modules))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=ENVIRONMENT, check=True
    )
    assert found.stdout.splitlines()[-1] == "set()"


def test_a_training_from_end_to_end(here, capsys):
    assert main(["train", "toy.npz", "epochs=12", "--model=networks.py:stack", "learning_rate=0.05"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:8]] == [
        *("data", "split", "model", "augment", "device", "precision", "training", "run")
    ]
    assert sum(line.startswith("Epoch ") for line in lines) == 12
    place = lines.index("test accuracy 1.0000 on 14 images")
    assert [line.split()[0] for line in lines[place + 1 :]] == [
        "runs/toy/model.striate",
        "runs/toy/last.striate",
        "runs/toy/run.json",
        "runs/toy/recipe.toml",
        "runs/toy/results.csv",
        "runs/toy/splits.csv",
        "runs/toy/curves.png",
        "runs/toy/confusion.png",
        "runs/toy/report.html",
    ]


def test_the_recipe_of_a_run_does_it_again(run, capsys):
    assert main(["train", "runs/toy/recipe.toml", "epochs=1", "name=again", "--no-report"]) == 0
    assert "1 epoch, batches of 16, Adam at 0.05" in capsys.readouterr().out
    assert (run / "runs" / "again" / "model.striate").is_file()


def test_an_evaluation_shows_each_class_and_ends_with_the_accuracy(run, capsys):
    assert main(["evaluate", "toy"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "network    runs/toy/model.striate"
    assert lines[3:5] == ["class   recall  images", "left    1.0000       5"]
    assert lines[-1] == "test accuracy 1.0000 on 14 images"
    assert main(["evaluate", "toy", "toy.npz"]) == 0
    assert main(["evaluate", "toy", "--data", "toy.npz"]) == 0


def test_data_are_named_once():
    with pytest.raises(
        ArgumentError, match=r"evaluate scores one set of data; got both 'a.npz' and --data 'b.npz'"
    ):
        evaluate("toy", "a.npz", "b.npz")


def test_a_class_without_examples_has_no_recall(run, capsys):
    np.savez("two.npz", x=np.zeros((4, 6, 6, 1), np.uint8), y=np.array(["left", "right"] * 2))
    assert main(["evaluate", "toy", "two.npz"]) == 0
    assert "middle       -       0" in capsys.readouterr().out


def test_predictions_are_file_class_and_probability_and_a_bad_file_fails_at_the_end(run, capsys):
    stripe = np.full((6, 6), 20, np.uint8)
    stripe[:, :2] = 220
    Image.fromarray(stripe).save("a=b.png")
    (run / "note.txt").write_text("hello", encoding="utf-8")
    assert main(["predict", "toy", "note.txt", "a=b.png"]) == 1
    found = capsys.readouterr()
    assert re.fullmatch(r"a=b\.png  left  0\.\d{4}\n", found.out)
    assert found.err.startswith("striate: note.txt is not an image")
    assert main(["predict", "toy", "a=b.png", "--top", "3"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_a_summary_is_shown_with_details_on_request(run, capsys):
    assert main(["summary", "toy"]) == 0
    assert "Total params: 111" in capsys.readouterr().out
    assert main(["summary", "net_c", "--details"]) == 0
    assert "FLOPs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["trian", "digits"], 2, "there is no verb called 'trian'. Did you mean 'train'?"),
        (["train", "toy.npz", "--epoch", "3"], 2, "no option called '--epoch'. Did you mean '--epochs'"),
        (["train"], 2, "train takes data, as in: striate train digits; or a run: --resume RUN."),
        (["train", "--resume", "nowhere"], 1, "there is no run, folder of a run or model file 'nowhere'"),
        (["train", "--resume", "toy", "name=other"], 1, "has a name already; leave --name other out"),
        (["train", "toy.npz", "epochs=many"], 2, "Invalid value for '--epochs'"),
        (["train", "toy.npz", "-e", "3"], 2, "No such option: -e"),
        (["train", "toy.npz", "epochs=0"], 1, "epochs is a whole number from 1 up; got 0."),
        (["train", "toy.npz", "batch-size=0"], 1, "batch_size is a whole number from 1 up; got 0."),
        (["train", "toy.npz", "device=cuda:9"], 1, "device 'cuda:9' is not"),
        (["train", "digist"], 1, "no data set, file or folder called 'digist'. Did you mean 'digits'?"),
        (["train", "tyo.npz"], 1, "there is no file or folder tyo.npz"),
        (["train", "fashion_mnist", "data-dir=nowhere"], 1, "there is no folder nowhere"),
        (["train", "toy.npz", "name=../up"], 1, "a run cannot be called '../up'"),
        (["train", "toy.npz", "model=networks.py:seven"], 1, "answers with (7,), but there are 3 classes"),
        (["evaluate", "toy"], 1, "There are no runs in runs/ here yet."),
        (["predict", "toy", "a.png"], 1, "there is no run, folder of a run or model file 'toy'"),
        (["predict", "toy.npz", "a.png"], 1, "toy.npz"),
        (["summary", "toy"], 1, "and no network either"),
    ],
)
def test_a_mistake_is_one_clear_message_and_a_code(here, capsys, words, code, message):
    assert main(words) == code
    found = capsys.readouterr()
    assert message in found.err
    assert "Traceback" not in found.err
    assert len(found.err.strip().splitlines()) == 1


def test_a_disk_that_fails_is_a_message_as_well(here, capsys, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device", "runs/toy/results.csv")

    monkeypatch.setattr("striate.workbench.joint_run.train_run", fail)
    assert main(["train", "toy.npz"]) == 1
    assert capsys.readouterr().err == "striate: runs/toy/results.csv: No space left on device.\n"


def test_ctrl_c_while_data_are_loaded_is_said(here, capsys, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("striate.workbench.joint_run.train_run", stop)
    assert main(["train", "toy.npz"]) == 130
    assert capsys.readouterr().err == "striate: stopped by Ctrl-C.\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a child process")
def test_ctrl_c_in_a_training_keeps_the_run_and_answers_130(here):
    command = [sys.executable, "-m", "striate", "train", "toy.npz", "epochs=100000", "name=long"]
    with subprocess.Popen(
        [*command, "model=networks.py:stack"], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Epoch 2/"):
                process.send_signal(signal.SIGINT)
                break
        said = process.stdout.read()
    assert process.returncode == 130
    assert "stopped: what is there is kept in runs/long" in said
    assert "not tested yet: striate evaluate long" in said
    assert '"status": "stopped"' in (here / "runs" / "long" / "run.json").read_text(encoding="utf-8")
    assert main(["evaluate", "long"]) == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM for a child process")
def test_sigterm_in_a_training_keeps_the_run_answers_143_and_it_can_go_on(here):
    command = [sys.executable, "-m", "striate", "train", "toy.npz", "epochs=100000", "name=long"]
    with subprocess.Popen(
        [*command, "model=networks.py:stack"], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Epoch 2/"):
                assert main(["train", "--resume", "long"]) == 1
                process.send_signal(signal.SIGTERM)
                break
        said = process.stdout.read()
    assert process.returncode == 143
    assert "stopped by SIGTERM after" in said
    assert "to go on: striate train --resume runs/long" in said
    place = here / "runs" / "long"
    assert '"status": "stopped"' in (place / "run.json").read_text(encoding="utf-8")
    assert not (place / "lock").exists()
    assert list((place / "checkpoints").iterdir()) != []


def test_a_run_that_goes_on_has_its_name_already():
    with pytest.raises(ArgumentError, match="a run that has a name already; leave --name other out"):
        train(name="other", resume="toy")


def test_a_finished_run_is_not_resumed(run, capsys):
    assert main(["train", "--resume", "runs/toy", "--no-report"]) == 0
    assert capsys.readouterr().out == "the run 'toy' is finished after 12 epochs: nothing is left to do.\n"


def test_output_that_nobody_reads_to_the_end_is_no_error(here):
    found = subprocess.run(
        f"{sys.executable} -m striate summary net_c | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        check=True,
    )
    assert found.stderr == ""


def test_runtime_says_what_computes_here_and_why(capsys):
    assert main(["runtime", "--device", "cpu", "precision=float32"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["device", "cpu"]
    assert lines[-1].startswith("memory")


@pytest.mark.parametrize(
    ("given", "wanted"), [({}, "1000"), ({"GOMP_SPINCOUNT": "5"}, "5"), ({"OMP_WAIT_POLICY": "ACTIVE"}, None)]
)
def test_threads_that_wait_give_way_soon_unless_the_person_said_otherwise(monkeypatch, capsys, given, wanted):
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    main(["--version"])
    assert os.environ.get("GOMP_SPINCOUNT") == wanted


def test_pictures_of_a_run_are_drawn_and_listed(run, capsys):
    assert main(["see", "--list"]) == 0
    assert "  feature_maps  an example, and what" in capsys.readouterr().out
    assert main(["see", "toy", "--show", "confusion", "show=scores", "--format", "svg"]) == 0
    assert "  runs/toy/see/confusion.svg" in capsys.readouterr().out.splitlines()
    assert (run / "runs/toy/see/scores.svg").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["see"], "see takes the name of a run, its folder, or a model file; --list names the pictures"),
        (["see", "toy", "--filters", "a,b"], "filters are numbers from 0 with commas, as 0,3,7; got 'a,b'"),
        (["see", "toy", "--show", "confuson"], "no picture called 'confuson'. Did you mean 'confusion'?"),
    ],
)
def test_a_question_that_cannot_be_answered_is_said(run, capsys, words, message):
    assert main(words) == 1
    assert message in capsys.readouterr().err
    with pytest.raises(StriateError, match=re.escape(message)):
        _invoke(words)


def _invoke(words):
    from striate.cli.verbs.see import see

    options = dict(zip((word.strip("-") for word in words[2::2]), words[3::2], strict=True))
    if "show" in options:
        options["show"] = [options["show"]]
    see(words[1] if len(words) > 1 else None, **options)


def test_a_convolution_and_augmented_copies_are_drawn(here, capsys):
    from PIL import Image

    Image.new("RGB", (20, 16), (200, 30, 90)).save("a.png")
    assert main(["convolve", "a.png", "edge", "--grey"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "  convolved.png"
    assert main(["augment", "a.png", "augment=light", "--copies", "2"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "  augmented.png  preset light"


def test_the_cache_is_listed_and_emptied(here, capsys, monkeypatch):
    monkeypatch.setenv("STRIATE_CACHE", str(here / "cache"))
    assert main(["cache"]) == 0
    assert capsys.readouterr().out.splitlines() == [str(here / "cache"), "0 entries, 0.0 MB"]
    (here / "cache" / "decoded" / "x").mkdir(parents=True)
    (here / "cache" / "decoded" / "x" / "pixels").write_bytes(bytes(3_000_000))
    assert main(["cache"]) == 0
    assert "3.0 MB" in capsys.readouterr().out
    assert main(["cache", "--empty", "all"]) == 0
    assert capsys.readouterr().out == "3.0 MB freed\n"
    assert not (here / "cache" / "decoded" / "x").exists()


def test_the_cache_lists_data_by_name_shape_number_and_day_the_last_used_first(here, capsys, monkeypatch):
    monkeypatch.setenv("STRIATE_CACHE", str(here / "cache"))
    for name, day in (("pets", 1_700_000_000), ("birds", 1_750_000_000)):
        for label in ("a", "b"):
            (here / name / label).mkdir(parents=True)
            Image.new("L", (9, 8), 50).save(here / name / label / "0.png")
        open_data(name)
        about = max((here / "cache").rglob("about.json"), key=os.path.getmtime)
        os.utime(about, (day, day))
    assert main(["cache"]) == 0
    _, first, second, last = capsys.readouterr().out.splitlines()
    assert first.endswith("birds: 2 images of 8 x 9 x 1")
    assert second.endswith("pets: 2 images of 8 x 9 x 1")
    assert re.match(r"  2025-06-1\d \d\d:\d\d  decoded ", first)
    assert last == "2 entries, 0.0 MB"


def test_evaluate_hands_on_the_column_of_the_classes(run, capsys):
    assert main(["evaluate", "toy", "--label", "soil"]) == 1
    assert "label='soil' names a column of other data" in capsys.readouterr().err
