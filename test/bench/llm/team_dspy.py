"""The same team with DSPy's ReAct: what its user writes."""

import asyncio

import dspy
import psycopg


def tool(name, sql):
    def call() -> str:
        """Reads the account."""
        with psycopg.connect() as connection:
            return connection.execute(f"SELECT coalesce(json_agg(t), '[]')::text FROM (SELECT * FROM {sql} LIMIT 200) t").fetchone()[0]
    call.__name__ = name
    return call


def team(url, key, tools):
    loop = asyncio.new_event_loop()  # one for all turns, so that connections are kept
    dspy.configure(lm=dspy.LM("openai/m", api_base=url, api_key=key, cache=False))
    agents = [dspy.ReAct("question -> answer", tools=[tool(name, sql)]) for _, name, sql in tools]
    author = dspy.Predict("question, findings: list[str] -> answer")

    async def ask(question):
        found = await asyncio.gather(*[agent.acall(question=question) for agent in agents])
        if len(found) == 1:
            return found[0].answer
        return (await author.acall(question=question, findings=[one.answer for one in found])).answer
    return lambda question: loop.run_until_complete(ask(question))
