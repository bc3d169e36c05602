from autoforge.forge.forge import Forge

__all__ = ["Forge"]

__version__: str
