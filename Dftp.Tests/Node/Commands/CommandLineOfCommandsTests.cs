using Dftp.Node.CommandLine;
using Dftp.Node.Commands;

namespace Dftp.Tests.Node.Commands;

[TestClass]
public sealed class CommandLineOfCommandsTests
{
    private static CommandLineRequest Request(params string[] arguments) => CommandLineParser.Parse(arguments, new Surroundings(_ => null, () => "host1"));

    private static CommandRequest Parse(params string[] arguments) => ((CommandLineRequest.RunCommand)Request(arguments)).Request;

    [TestMethod]
    public void Parse_NoOptions_AsksTheNodeOfThisMachine() =>
        Assert.AreEqual(("localhost:7041", false, ""), (Parse("status").Node.ToString(), Parse("status").Json, Parse("doctor").Operand));

    [TestMethod]
    public void Parse_NodeOnTheCommandLine_WinsOverTheEnvironment()
    {
        var surroundings = new Surroundings(name => name == "DFTP_NODE" ? "env:1" : null, () => "host1");
        CommandRequest From(params string[] arguments) => ((CommandLineRequest.RunCommand)CommandLineParser.Parse(arguments, surroundings)).Request;

        Assert.AreEqual("env:1", From("status").Node.ToString());
        Assert.AreEqual("line:2", From("status", "-node", "line:2").Node.ToString());
    }

    [DataTestMethod]
    [DataRow("x", "find", "x")]
    [DataRow("x", "find", "--node", "a:1", "x")]
    [DataRow("x", "find", "x", "--node=a:1")]
    [DataRow("--help", "find", "--", "--help")]
    [DataRow("-x", "find", "--", "-x")]
    [DataRow("-", "find", "-")]
    [DataRow("[x]", "find", "[x]")]
    [DataRow("a:1", "join", "a:1")]
    [DataRow("a:1", "doctor", "a:1")]
    public void Parse_Operand_IsTakenAsItIs(string operand, params string[] arguments) => Assert.AreEqual(operand, Parse(arguments).Operand);

    [DataTestMethod]
    [DataRow("\"stauts\": unknown command (did you mean dftp status?); see dftp --help", "stauts")]
    [DataRow("--nod: unknown option (did you mean --node?); see dftp status --help", "status", "--nod=x:1")]
    [DataRow("--json: unknown option; see dftp find --help", "find", "x", "--json")]
    [DataRow("--node: needs a value, such as --node nas.home:7041", "status", "--node")]
    [DataRow("--node: nas is not host:port, such as nas.home:7041", "status", "--node=nas")]
    [DataRow("\"x\": unexpected argument; usage: dftp status; see dftp status --help", "status", "x")]
    [DataRow("\"b:2\": unexpected argument; usage: dftp join HOST:PORT; see dftp join --help", "join", "a:1", "b:2")]
    [DataRow("join: needs HOST:PORT, such as dftp join nas.home:7041", "join")]
    [DataRow("join: x is not host:port, such as nas.home:7041", "join", "x")]
    [DataRow("find: an empty pattern would match everything; that is \"*\"", "find", "")]
    [DataRow("forget: \"a b\" is no node name: it takes 1 to 255 bytes without white space, control characters and / , ; = \"", "forget", "a b")]
    public void Parse_BadInput_SaysWhatAndWhy(string problem, params string[] arguments) =>
        Assert.AreEqual(problem, Assert.ThrowsException<UsageException>(() => Request(arguments)).Message);

    [TestMethod]
    public void Help_NamesEveryCommand()
    {
        var help = ((CommandLineRequest.Show)Request("--help")).Text;
        foreach (var command in CommandTable.All) StringAssert.Contains(help, $"\n  dftp {command.Usage} ", StringComparison.Ordinal);
    }

    [TestMethod]
    public void HelpOfACommand_ShowsUsageOptionsAndExamplesInOneHundredColumns()
    {
        foreach (var command in CommandTable.All)
        {
            var help = ((CommandLineRequest.Show)Request(command.Name, "--help")).Text;
            StringAssert.Contains(help, $"\n  dftp {command.Usage} [OPTION...]\n", StringComparison.Ordinal);
            foreach (var option in command.Options) StringAssert.Contains(help, $"\n  {option.Flag}", StringComparison.Ordinal);
            Assert.AreEqual("", string.Join('\n', help.Split('\n').Where(line => line.Length > 100)), command.Name);
        }
    }

    [TestMethod]
    public void ExamplesOfTheHelp_AreValid()
    {
        foreach (var line in CommandTable.All.SelectMany(command => command.Examples.Split('\n')))
        {
            var words = line.Split("   ")[0].Split(' ').Select(word => word.Trim('\'')).ToArray();
            Assert.AreEqual("dftp", words[0]);
            Assert.IsInstanceOfType<CommandLineRequest.RunCommand>(Request(words[1..]), line);
        }
    }
}
