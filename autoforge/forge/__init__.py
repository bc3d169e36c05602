"""The convenience object of agent loops, one attribute per kind of thing."""

from autoforge.forge.features import NewFeature
from autoforge.forge.forge import LOCAL_REGION, Forge, utc_now

__all__ = ["LOCAL_REGION", "Forge", "NewFeature", "utc_now"]
