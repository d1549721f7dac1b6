"""What the models of keras.applications cost, as a whole: ours, Keras's on JAX, and what their papers print."""

from __future__ import annotations

import inspect

import keras
import pytest
from cost_agreement import KINDS, Oracle, differing, of_spec, theirs

from lstmcalc import load

ARCHITECTURES = sorted(name for name, make in vars(keras.applications).items() if inspect.isfunction(make))
_RESNET = "He et al. 2015, arXiv 1512.03385, section 4.1"
_CONVNEXT = "Liu et al. 2022, arXiv 2201.03545, and the authors' page github.com/facebookresearch/ConvNeXt"
_MOBILE = "the authors' page github.com/tensorflow/models, research/slim/nets/mobilenet_v1.md"
#: The multiply-adds that papers print, in millions, for inputs of the same size; most call them FLOPs.
PRINTED = {
    "ConvNeXtBase": (15_400, _CONVNEXT),
    "ConvNeXtLarge": (34_400, _CONVNEXT),
    "ConvNeXtSmall": (8_700, _CONVNEXT),
    "ConvNeXtTiny": (4_500, _CONVNEXT),
    "ConvNeXtXLarge": (60_900, _CONVNEXT),
    "MobileNet": (569, _MOBILE),
    "MobileNetV2": (300, "Sandler et al. 2018, arXiv 1801.04381"),
    "ResNet101": (7_600, _RESNET),
    "ResNet152": (11_300, _RESNET),
    "ResNet50": (3_800, _RESNET),
    "VGG16": (15_300, _RESNET),
    "VGG19": (19_600, _RESNET),
}


@pytest.mark.parametrize("name", PRINTED)
def test_costs_are_those_that_papers_print(name: str) -> None:
    printed, source = PRINTED[name]
    model = getattr(keras.applications, name)(weights=None)
    macs = of_spec(load("-", text=model.to_json())).macs
    keras.backend.clear_session()
    print(f"| {name} | {macs:,} | {printed:,} million | {source} |")
    # Papers round, and leave out what comes behind the last convolution.
    assert abs(macs / (printed * 10**6) - 1) < 0.02


@pytest.mark.long
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_whole_model_costs_what_keras_calculates(oracle: Oracle, name: str) -> None:
    (answer,) = oracle.ask([("application", (name, {}))])()
    mine, real = of_spec(load("-", text=answer["config"])), theirs(answer, name)
    print(f"| {name} | {mine.macs:,} | {real.macs:,.0f} | {', '.join(differing(mine, real)) or 'equal'} |")
    assert KINDS[0] not in differing(mine, real)
