//! CozoDB on its sled engine, which its packages for Python do not have: runs each line of standard input as a script, and
//! prints what the database answers, a line of JSON each.
//!
//!     cozo-on-sled STORE < queries.txt

use std::io::{stdin, BufRead};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: cozo-on-sled STORE")?;
    let database = cozo::DbInstance::new("sled", path, "").map_err(|error| error.to_string())?;
    for script in stdin().lock().lines() {
        println!("{}", database.run_script_str(&script?, "", false));
    }
    Ok(())
}
