"""The frame that every job hangs in.

`cli` runs a job and turns what it raises into an exit code and one line; `config` reads YAML into
frozen objects; `run` holds what belongs to one run (folder, scratch, manifest, progress);
`session` finds Spark and makes the scratch folder; `signals` ends a run in good order; `stages`
leaves out work that is done, and `marks` how it knows; `lock` keeps two runs from one lake; `keys` provides secrets.
"""
