"""The same team with LangGraph's supervisor: what its user writes."""

import asyncio

import psycopg
from langchain_openai import ChatOpenAI
from langgraph.prebuilt import create_react_agent
from langgraph_supervisor import create_supervisor


def tool(name, sql):
    def call() -> str:
        """Reads the account."""
        with psycopg.connect() as connection:
            return connection.execute(f"SELECT coalesce(json_agg(t), '[]')::text FROM (SELECT * FROM {sql} LIMIT 200) t").fetchone()[0]
    call.__name__ = name
    return call


def team(url, key, tools):
    loop = asyncio.new_event_loop()  # one for all turns, so that connections are kept
    model = ChatOpenAI(model="m", base_url=url, api_key=key)
    agents = [create_react_agent(model, [tool(name, sql)], name=agent, prompt=f"You are the agent {agent}. Answer with figures of the tool's rows.")
              for agent, name, sql in tools]
    app = create_supervisor(agents, model=model, prompt="You are the supervisor. Ask the agents, then write the answer.").compile()

    def answer(question):
        asked = {"messages": [{"role": "user", "content": question}]}
        return loop.run_until_complete(app.ainvoke(asked, {"recursion_limit": 100}))["messages"][-1].content
    return answer
