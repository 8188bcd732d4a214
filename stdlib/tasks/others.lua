--- The tasks that ATTEMPT (Asai et al. 2022) and MPT (Wang et al. 2023) call "others": WinoGrande, Yelp polarity, SciTail
--- and PAWS.
--
-- The last three are SET2's, with its labels and splits (ATTEMPT calls Yelp's field "sentence"). WinoGrande has ATTEMPT's
-- form, "sentence: ... option0: ... option1: ..." with "0" or "1" as the target; its code gives the first option twice,
-- which is corrected here. `data` as for GLUE, with the columns of allenai/winogrande.

local datasets = require "compt.hub_datasets"
local set2 = require "compt.tasks.set2"

return {
  order = { "winogrande", "yelp_polarity", "scitail", "paws" },
  tasks = {
    winogrande = datasets.task("winogrande", {
      template = "sentence: {sentence} option0: {option1} option1: {option2}", columns = { label = "answer" },
      labels = { "0", "1" }, label_names = { "1", "2" }, metrics = { "accuracy" },
    }),
    yelp_polarity = set2.tasks.yelp_polarity,
    scitail = set2.tasks.scitail,
    paws = set2.tasks.paws,
  },
}
