"""What curves are called: from a tag to its role, by a vocabulary that is data."""

from __future__ import annotations

from lrdoctor.roles.assign import assign_roles
from lrdoctor.roles.chosen import primary, primary_reason
from lrdoctor.roles.groups import parameter_groups
from lrdoctor.roles.overrides import RoleOverrides, parse_role

__all__ = ["RoleOverrides", "assign_roles", "parameter_groups", "parse_role", "primary", "primary_reason"]
