from autoforge.dynamodb.timestamps import utc_now
from autoforge.forge.actions import Actions
from autoforge.forge.agent_config import AgentSettings
from autoforge.forge.agents import Agents
from autoforge.forge.artefacts import Artefacts
from autoforge.forge.checkpoints import Checkpoints
from autoforge.forge.escalations import Escalations
from autoforge.forge.events import Events
from autoforge.forge.features.backlog import NewFeature
from autoforge.forge.features.features import Features
from autoforge.forge.forge import LOCAL_REGION, Forge
from autoforge.forge.integrations import Integrations
from autoforge.forge.projects import Projects
from autoforge.forge.runs import Runs
from autoforge.forge.tickets import Tickets
from autoforge.forge.users import Users

__all__ = [
    "LOCAL_REGION",
    "Actions",
    "AgentSettings",
    "Agents",
    "Artefacts",
    "Checkpoints",
    "Escalations",
    "Events",
    "Features",
    "Forge",
    "Integrations",
    "NewFeature",
    "Projects",
    "Runs",
    "Tickets",
    "Users",
    "utc_now",
]
