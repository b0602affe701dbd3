"""Where curves come from: one file per log format, each claiming its own inputs; a reader never judges.

Every module here whose name has no leading underscore holds one ``READER``. Dropping such a file in is all it
takes to add a format; packages may add theirs under the entry-point group ``lrdoctor.readers``.
"""
