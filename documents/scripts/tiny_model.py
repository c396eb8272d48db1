"""Writes a Llama of some 400,000 random weights with its tokenizer, so that a vLLM can serve without a download.

Usage: python tiny_model.py FOLDER, in an environment that has torch, transformers and tokenizers. What it says is
noise; how it is served is real.
"""

import sys

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

BEGIN, END, PAD = "<s>", "</s>", "<pad>"
WORDS = 512
CHAT = "{% for message in messages %}{{ message['content'] }} {% endfor %}"


def tokenizer() -> PreTrainedTokenizerFast:
    pieces = Tokenizer(models.BPE(unk_token=None))
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    sentences = [f"server {number} answers question {number * 7 % 100}." for number in range(1000)]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=WORDS, special_tokens=[PAD, BEGIN, END], initial_alphabet=alphabet)
    pieces.train_from_iterator(sentences, trainer)
    wrapped = PreTrainedTokenizerFast(tokenizer_object=pieces, bos_token=BEGIN, eos_token=END, pad_token=PAD)
    wrapped.chat_template = CHAT
    return wrapped


def model() -> LlamaForCausalLM:
    torch.manual_seed(1)
    shape = LlamaConfig(
        vocab_size=WORDS, hidden_size=128, intermediate_size=256, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=2048, pad_token_id=0, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    return LlamaForCausalLM(shape).to(torch.bfloat16)


if __name__ == "__main__":
    tokenizer().save_pretrained(sys.argv[1])
    model().save_pretrained(sys.argv[1])
