--- `compt.runs(paths)`: the runs at or below some folders.
return require("compt.analysis.collection").read
