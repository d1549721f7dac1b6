"""What the models of keras.applications cost, as a whole: ours, Keras's on JAX, and what their papers print."""

from __future__ import annotations

import inspect

import keras
import pytest
from cost_agreement import KINDS, Oracle, differing, of_spec, theirs

from lstmcalc import load

ARCHITECTURES = sorted(name for name, make in vars(keras.applications).items() if inspect.isfunction(make))
_RESNET, _CONVNEXT = "He et al. 2015, arXiv 1512.03385, table 1", "Liu et al. 2022, arXiv 2201.03545, table 1"
_EFFICIENT = "Tan and Le 2019, arXiv 1905.11946, table 2"
#: The multiply-adds that papers print, in millions, for inputs of the same size; most call them FLOPs.
PRINTED = {
    "ConvNeXtBase": (15_400, _CONVNEXT),
    "ConvNeXtSmall": (8_700, _CONVNEXT),
    "ConvNeXtTiny": (4_500, _CONVNEXT),
    "ConvNeXtXLarge": (60_900, _CONVNEXT),
    "EfficientNetB0": (390, _EFFICIENT),
    "MobileNet": (569, "Howard et al. 2017, arXiv 1704.04861, table 4"),
    "MobileNetV2": (300, "Sandler et al. 2018, arXiv 1801.04381, table 4"),
    "ResNet101": (7_600, _RESNET),
    "ResNet152": (11_300, _RESNET),
    "ResNet50": (3_800, _RESNET),
}


@pytest.mark.parametrize("name", PRINTED)
def test_costs_are_those_that_papers_print(name: str) -> None:
    printed, source = PRINTED[name]
    model = getattr(keras.applications, name)(weights=None)
    macs = of_spec(load("-", text=model.to_json())).macs
    keras.backend.clear_session()
    print(f"| {name} | {macs:,} | {printed:,} million | {source} |")
    # Papers round, and leave out what comes behind the last convolution.
    assert abs(macs / (printed * 10**6) - 1) < 0.03


@pytest.mark.long
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_whole_model_costs_what_keras_calculates(oracle: Oracle, name: str) -> None:
    (answer,) = oracle.ask([("application", (name, {}))])()
    mine, real = of_spec(load("-", text=answer["config"])), theirs(answer, name)
    print(f"| {name} | {mine.macs:,} | {real.macs:,.0f} | {', '.join(differing(mine, real)) or 'equal'} |")
    assert KINDS[0] not in differing(mine, real)
