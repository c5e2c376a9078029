from __future__ import annotations

from pathlib import Path

from striate.applications.reference import net_c
from striate.layers import BatchNormalization, Conv2D, Dense, Flatten, Input
from striate.models import Model, Sequential
from striate.models.summary import format_summary, summarize

GOLDEN = Path(__file__).parents[1] / "golden"


def lines_of(model, **options):
    lines = []
    model.summary(print_fn=lines.append, **options)
    return "\n".join(lines)


def test_the_table_of_network_c_is_the_golden_one():
    assert lines_of(net_c()) + "\n" == (GOLDEN / "summary_net_c.txt").read_text(encoding="utf-8")


def test_the_detailed_table_of_network_c_is_the_golden_one():
    text = (GOLDEN / "summary_net_c_details.txt").read_text(encoding="utf-8")
    assert lines_of(net_c(), details=True) + "\n" == text


def test_the_table_goes_to_standard_output(capsys):
    Sequential([Input((4,)), Dense(2)], name="small").summary()
    assert capsys.readouterr().out.startswith('Model: "small"\n┏━')


def test_trainable_and_other_parameters_are_counted_apart():
    model = Sequential([Input((4, 4, 1)), Conv2D(2, 3), BatchNormalization(), Flatten(), Dense(1)])
    model.layers[0].trainable = False
    found = summarize(model)
    assert (found.trainable, found.non_trainable) == (4 + 9, 20 + 4)
    assert (found.trainable_bytes, found.non_trainable_bytes) == (4 * 13, 4 * 24)


def test_a_shared_layer_counts_once():
    inputs = Input((4,))
    shared = Dense(4)
    found = summarize(Model(inputs, shared(shared(inputs))))
    assert found.trainable == 20


def test_a_branched_model_says_what_each_layer_is_connected_to():
    left, right = Input((4,), name="left"), Input((4,), name="right")
    shared = Dense(3, name="shared")
    model = Model([left, right], [shared(left), Dense(1, name="one")(shared(right))])
    found = summarize(model)
    assert found.branched
    assert {row.name: row.sources for row in found.rows} == {
        "left": (),
        "right": (),
        "shared": ("left", "right"),
        "one": ("shared",),
    }
    text = lines_of(model)
    assert "Connected to" in text
    assert "left, right" in text


def test_a_plain_stack_has_no_connections_to_show():
    assert not summarize(net_c()).branched


def test_nested_models_can_be_opened():
    inner = Sequential([Input((4,)), Dense(3, name="inside")], name="inner")
    model = Sequential([Input((4,)), inner, Dense(1, name="outside")])
    assert [row.name for row in summarize(model).rows] == ["inner", "outside"]
    opened = summarize(model, expand_nested=True)
    assert [(row.name, row.depth) for row in opened.rows] == [("inner", 0), ("inside", 1), ("outside", 0)]
    assert "│   inside (Dense)" in lines_of(model, expand_nested=True)
    assert opened.trainable == 15 + 4


def test_an_unbuilt_model_has_a_table_with_question_marks():
    text = lines_of(Sequential([Dense(2, name="later")], name="early"))
    assert "later (Dense)" in text
    assert "│ ?" in text
    assert "Total params: 0" in text


def test_the_width_can_be_set():
    text = format_summary(summarize(net_c()), line_length=60)
    table = [line for line in text.splitlines() if line[0] in "┏┃┡│├└"]
    assert {len(line) for line in table} == {60}
    narrow = format_summary(summarize(net_c()), line_length=40)
    assert "…" in narrow


def test_details_leave_out_what_is_not_known():
    text = lines_of(Sequential([Input((None, None, 1)), Conv2D(2, 3)]), details=True)
    assert "FLOPs for one example" not in text
    assert text.count(" - │") >= 2
