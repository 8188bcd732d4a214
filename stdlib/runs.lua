--- `compt.runs(paths)`: the runs in some folders and below them.
return require("compt.analysis.collection").read
