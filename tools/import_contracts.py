"""A contract for the import linter that closes what nobody opened."""

from grimp import ImportGraph
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.domain import fields
from importlinter.domain.contract import ContractCheck
from importlinter.domain.helpers import module_expressions_to_modules
from importlinter.domain.imports import Module, ModuleExpression


class ForbiddenExceptContract(ForbiddenContract):
    """A forbidden contract whose wildcards leave out `except_modules`, so that a new room is bound from its first day."""

    type_name = "forbidden_except"

    except_modules = fields.SetField(subfield=fields.ModuleExpressionField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: FBT001 - the linter's own signature
        """Check the modules that are left; an exception that does not exist yet excepts nothing."""
        for side in ("source_modules", "forbidden_modules"):
            left = self._modules(graph, side) - self._modules(graph, "except_modules")
            setattr(self, side, {ModuleExpression(module.name) for module in left})
        return super().check(graph, verbose)

    def _modules(self, graph: ImportGraph, side: str) -> set[Module]:
        return module_expressions_to_modules(graph, getattr(self, side))
