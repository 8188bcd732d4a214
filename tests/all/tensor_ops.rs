//! Tensor operations, called from Lua, against what PyTorch makes of them
//! (`tests/golden/tensor_ops.py`).

use crate::program::alone;
use compt_lua::Runtime;
use mlua::LuaSerdeExt;

#[test]
fn operations_and_their_gradients_are_pytorchs() {
    alone(|| {
        let runtime = Runtime::new().unwrap();
        let cases: serde_json::Value =
            serde_json::from_str(include_str!("../golden/tensor_ops.json")).unwrap();
        let number = cases.as_array().unwrap().len();
        assert!(number > 100, "{number} cases");
        let check: mlua::Function = runtime
            .lua()
            .load(include_str!("../golden/tensor_ops.lua"))
            .set_name("=tests/golden/tensor_ops.lua")
            .eval()
            .unwrap();
        let wrong: Vec<String> = check.call(runtime.lua().to_value(&cases).unwrap()).unwrap();
        assert!(wrong.is_empty(), "{} of {number} differ:\n{}", wrong.len(), wrong.join("\n"));
    });
}
