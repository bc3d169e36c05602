"""Tests of a table of one's own: laws proven of its design, an embedded table, and faults.

``laws_of(table)`` makes one pytest test of each law for each entity and each access pattern. The
package is a pytest plugin; it needs the extra ``testing`` and nothing of the agent platform.
"""

from autoforge.dynamodb.lazy import offered_by

__getattr__, __dir__ = offered_by(__name__)
