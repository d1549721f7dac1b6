"""What `keras.layers` exports and no rule can know, each with the reason."""

from __future__ import annotations

__all__ = ["NOT_LAYERS", "OPAQUE"]

#: Layers whose shape and weights only running them would tell; a spec may state both.
OPAQUE = {
    "FlaxLayer": "it runs a Flax module, whose code only running tells",
    "JaxLayer": "it runs a JAX function, whose code only running tells",
    "TFSMLayer": "it runs a function that TensorFlow saved, whose code only running tells",
    "TorchModuleWrapper": "it runs a PyTorch module, whose code only running tells",
}

#: Classes that stand beside the layers of a model, and are none of them.
NOT_LAYERS = {
    "InputLayer": "an input is no layer of its own: it is stated as `input: [10, 32]`, or under `inputs`",
    "InputSpec": "it says what a layer takes, and is no layer",
    "Layer": "it is the base of other layers, and Keras cannot call it",
}
