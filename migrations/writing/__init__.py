"""Writing the next revision: what the code declares (tables, and the objects of its `sql` folders) against what head makes.

Both are made in scratch databases of a server where that harms nobody, and read back from its catalog: two texts of one
meaning come out as one, and what cannot be made is known before a tenant meets it.
"""

from migrations.writing.constraints import NotExpressible
from migrations.writing.declared import BrokenSql, Declared, declared
from migrations.writing.revision import Unfinished, Wanted, Written, write_revision

__all__ = ["BrokenSql", "Declared", "NotExpressible", "Unfinished", "Wanted", "Written", "declared", "write_revision"]
