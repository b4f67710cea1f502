using System.Text.RegularExpressions;
using Dftp.Node.CommandLine;
using Dftp.Node.Commands;

namespace Dftp.Tests.Node.Commands;

[TestClass]
public sealed partial class CommandLineOfCommandsTests
{
    private static CommandLineRequest Request(params string[] arguments) =>
        CommandLineParser.Parse(arguments, new Surroundings(_ => null, () => "host1"));

    private static CommandRequest Parse(params string[] arguments) => ((CommandLineRequest.RunCommand)Request(arguments)).Request;

    [TestMethod]
    public void Parse_NoOptions_AsksTheNodeOfThisMachine() =>
        Assert.AreEqual(("localhost:7041", false, ""), (Parse("status").Node.ToString(), Parse("status").Json, Parse("doctor").Operand));

    [TestMethod]
    public void Parse_NodeOnTheCommandLine_WinsOverTheEnvironment()
    {
        var surroundings = new Surroundings(name => name == "DFTP_NODE" ? "env:1" : null, () => "host1");
        CommandRequest From(params string[] arguments) =>
            ((CommandLineRequest.RunCommand)CommandLineParser.Parse(arguments, surroundings)).Request;

        Assert.AreEqual("env:1", From("status").Node.ToString());
        Assert.AreEqual("line:2", From("status", "-node", "line:2").Node.ToString());
    }

    [TestMethod]
    [DataRow("--node", "a:1", "find", "x")]
    [DataRow("-node=a:1", "find", "x")]
    [DataRow("find", "--node", "a:1", "x")]
    [DataRow("find", "x", "--node=a:1")]
    public void Parse_NodeAnywhere_IsThatOfTheCommand(params string[] arguments) =>
        Assert.AreEqual(("a:1", "x"), (Parse(arguments).Node.ToString(), Parse(arguments).Operand));

    [TestMethod]
    public void Parse_SwitchBeforeTheCommand_TakesNoValue() => Assert.IsTrue(Parse("--json", "status").Json);

    [TestMethod]
    [DataRow("--help", "find")]
    [DataRow("-h", "--node=a:1", "find")]
    [DataRow("find", "--help")]
    public void Parse_HelpAnywhere_IsThatOfTheCommand(params string[] arguments) =>
        StringAssert.Contains(((CommandLineRequest.Show)Request(arguments)).Text, "dftp find PATTERN [OPTION...]",
            StringComparison.Ordinal);

    [TestMethod]
    [DataRow("--version", "status")]
    [DataRow("status", "--version")]
    public void Parse_VersionAnywhere_ShowsIt(params string[] arguments) =>
        Assert.AreEqual(CommandLineParser.VersionText, ((CommandLineRequest.Show)Request(arguments)).Text);

    [TestMethod]
    public void Parse_CommandsNameAsTheValueOfAnOption_IsNoCommand() =>
        StringAssert.EndsWith(((CommandLineRequest.RunNode)Request("--dfsroot", "status")).Options.Root, "/status",
            StringComparison.Ordinal);

    [TestMethod]
    [DataRow("x", "find", "x")]
    [DataRow("x", "find", "--node", "a:1", "x")]
    [DataRow("x", "find", "x", "--node=a:1")]
    [DataRow("--help", "find", "--", "--help")]
    [DataRow("-x", "find", "--", "-x")]
    [DataRow("-", "find", "-")]
    [DataRow("[x]", "find", "[x]")]
    [DataRow("a:1", "join", "a:1")]
    [DataRow("a:1", "doctor", "a:1")]
    public void Parse_Operand_IsTakenAsItIs(string operand, params string[] arguments) =>
        Assert.AreEqual(operand, Parse(arguments).Operand);

    [TestMethod]
    [DataRow("\"stauts\": unknown command (did you mean dftp status?); see dftp --help", "stauts")]
    [DataRow("--nod: unknown option (did you mean --node?); see dftp status --help", "status", "--nod=x:1")]
    [DataRow("--json: unknown option; see dftp find --help", "find", "x", "--json")]
    [DataRow("--json: unknown option; see dftp find --help", "--json", "find", "x")]
    [DataRow("--dfsroot: unknown option; see dftp status --help", "--dfsroot", "/data", "status")]
    [DataRow("--node: goes with a command, such as dftp status --node; see dftp --help", "--node=a:1")]
    [DataRow("--nod: unknown option (did you mean --node?); see dftp --help", "--nod", "a:1", "status")]
    [DataRow("--node: needs a value, such as --node nas.home:7041", "status", "--node")]
    [DataRow("--node: nas is not host:port, such as nas.home:7041", "status", "--node=nas")]
    [DataRow("\"x\": unexpected argument; usage: dftp status; see dftp status --help", "status", "x")]
    [DataRow("\"b:2\": unexpected argument; usage: dftp join HOST:PORT; see dftp join --help", "join", "a:1", "b:2")]
    [DataRow("join: needs HOST:PORT, such as dftp join nas.home:7041", "join")]
    [DataRow("join: x is not host:port, such as nas.home:7041", "join", "x")]
    [DataRow("find: an empty pattern would match everything; that is \"*\"", "find", "")]
    [DataRow("forget: \"a b\" is no node name: it takes 1 to 255 bytes without white space, control characters and / , ; = \"",
        "forget", "a b")]
    public void Parse_BadInput_SaysWhatAndWhy(string problem, params string[] arguments) =>
        Assert.AreEqual(problem, Assert.ThrowsExactly<UsageException>(() => Request(arguments)).Message);

    [TestMethod]
    [DataRow("dftp statu", "status")]
    [DataRow("dftp status --n", "--node")]
    [DataRow("dftp --ftp-max", "--ftp-max-sessions,--ftp-max-sessions-per-address")]
    public void Completion_IsWhatFitsTheLine(string line, string expected) =>
        Assert.AreEqual(expected,
            string.Join(',', ((CommandLineRequest.Show)Request($"[suggest:{line.Length}]", line)).Text.Split('\n',
            StringSplitOptions.RemoveEmptyEntries)));

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
    public void Help_ColumnsOfOptionsStandApart()
    {
        foreach (var text in CommandTable.All.Select(command => Request(command.Name, "--help")).Append(Request("--help"))
            .Cast<CommandLineRequest.Show>())
        {
            var lines = text.Text.Split('\n')
                .Where(line => line.StartsWith("  --", StringComparison.Ordinal) && line.Contains("DFTP_", StringComparison.Ordinal));
            foreach (var line in lines) StringAssert.Matches(line, OptionLine(), line);
            Assert.IsTrue(lines.Select(line => line.IndexOf("DFTP_", StringComparison.Ordinal)).Distinct().Count() <= 1, text.Text);
        }
    }

    [GeneratedRegex("^  --[a-z-]+( [A-Z:-]+)? {2,}DFTP_[A-Z_]+( {2,}default .+)?$")]
    private static partial Regex OptionLine();

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
