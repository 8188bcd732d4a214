--- Six micro tasks that imitate set2 (multinli, scitail, imdb, yelp_polarity, paws, mrpc): other texts for inference, two
--- domains of sentiment, two kinds of paraphrase. Rows as for `micro`; paraphrase is in both sets, as mrpc is.
return { order = require("compt.micro.tasks").second_names, make = require("compt.tasks.micro").make }
