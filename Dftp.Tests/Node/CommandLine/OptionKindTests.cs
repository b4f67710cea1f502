using Dftp.Node.CommandLine;

namespace Dftp.Tests.Node.CommandLine;

/// <summary>Switches and repeatable options, in a separate list of options.</summary>
[TestClass]
public sealed class OptionKindTests
{
    private static readonly OptionDefinition<bool> Write = new("write", ValueParsers.Switch)
    {
        Placeholder = "",
        Summary = "",
        Example = "true",
        IsSwitch = true,
    };

    private static readonly OptionDefinition<string> Join = new("join", ValueParsers.Text)
    {
        Placeholder = "HOST:PORT",
        Summary = "",
        Example = "b:7041",
        IsRepeatable = true,
    };

    private static readonly OptionDefinition[] Options = [Write, Join, NodeOptionTable.Config];

    private static OptionValues Read(Dictionary<string, string> environment, params string[] arguments) =>
        CommandLineParser.ReadValues(Options, arguments, new Surroundings(environment.GetValueOrDefault, () => ""));

    [TestMethod]
    [DataRow(false)]
    [DataRow(true, "--write")]
    [DataRow(true, "-write")]
    [DataRow(true, "-write=true")]
    [DataRow(false, "-write=false")]
    [DataRow(true, "--write", "--join=a:1")]
    public void Switch_TakesNoValueButAfterEquals(bool on, params string[] arguments) =>
        Assert.AreEqual(on, Read([], arguments).Get(Write));

    [TestMethod]
    [DataRow("true", true)]
    [DataRow("0", false)]
    [DataRow("", false)]
    public void Switch_FromTheEnvironment_IsRead(string text, bool on) =>
        Assert.AreEqual(on, Read(new() { ["DFTP_WRITE"] = text }).Get(Write));

    [TestMethod]
    public void Switch_FromTheFile_IsABoolean()
    {
        using var config = new TemporaryFile("""{ "write": true }""");
        Assert.IsTrue(Read([], "--config", config.Path).Get(Write));
    }

    [TestMethod]
    public void Switch_WithAnotherWord_IsRefused() =>
        Assert.AreEqual("--write: \"yes\" is neither true nor false",
            Assert.ThrowsExactly<UsageException>(() => Read([], "--write=yes").Get(Write)).Message);

    [TestMethod]
    public void Repeatable_OnTheCommandLine_KeepsTheOrder() =>
        CollectionAssert.AreEqual(new[] { "b:1", "a:2" }, Read([], "--join", "b:1", "-join=a:2").GetAll(Join).ToArray());

    [TestMethod]
    public void Repeatable_InTheEnvironment_IsSplitAtCommas() =>
        CollectionAssert.AreEqual(new[] { "b:1", "a:2" }, Read(new() { ["DFTP_JOIN"] = "b:1,a:2" }).GetAll(Join).ToArray());

    [TestMethod]
    public void Repeatable_InTheFile_IsAnArrayOrAString()
    {
        using var array = new TemporaryFile("""{ "join": ["b:1", "a:2"] }""");
        using var text = new TemporaryFile("""{ "join": "b:1" }""");
        CollectionAssert.AreEqual(new[] { "b:1", "a:2" }, Read([], "--config", array.Path).GetAll(Join).ToArray());
        CollectionAssert.AreEqual(new[] { "b:1" }, Read([], "--config", text.Path).GetAll(Join).ToArray());
    }

    [TestMethod]
    public void Repeatable_NotGiven_IsEmpty() => Assert.AreEqual(0, Read([]).GetAll(Join).Count);

    [TestMethod]
    public void Repeatable_WithAnEmptyArray_IsEmpty()
    {
        using var config = new TemporaryFile("""{ "join": [] }""");
        Assert.AreEqual(0, Read([], "--config", config.Path).GetAll(Join).Count);
    }
}
