using System.Net;
using Dftp.Node;
using Dftp.Node.CommandLine;
using Microsoft.Extensions.Logging;
using Variables = System.Collections.Generic.Dictionary<string, string>;

namespace Dftp.Tests.Node.CommandLine;

[TestClass]
public sealed class CommandLineTests
{
    private static NodeOptions Parse(params string[] arguments) => Parse(new Variables(), arguments);

    private static NodeOptions Parse(Variables environment, params string[] arguments) =>
        ((CommandLineRequest.RunNode)Request(environment, arguments)).Options;

    private static CommandLineRequest Request(Variables environment, params string[] arguments) =>
        CommandLineParser.Parse(arguments, new Surroundings(environment.GetValueOrDefault, () => "host1"));

    private static string Problem(params string[] arguments) => Problem(new Variables(), arguments);

    private static string Problem(Variables environment, params string[] arguments) =>
        Assert.ThrowsExactly<UsageException>(() => Request(environment, arguments)).Message;

    [TestMethod]
    public void Parse_RootAlone_GivesTheDefaultsOfTheOriginal()
    {
        var options = Parse("--dfsroot=/storage");

        Assert.AreEqual("/storage", options.Root);
        Assert.AreEqual("dftp", options.ClusterName);
        Assert.IsTrue(options.Mount.IsRoot);
        Assert.AreEqual(":2121", $"{options.FtpListen}");
        Assert.AreEqual(":7040", $"{options.HttpListen}");
        Assert.AreEqual(":7041", $"{options.ManagementListen}");
        Assert.AreEqual(IPEndPoint.Parse("224.0.0.9:7041"), options.MulticastGroup);
        Assert.AreEqual("host1", options.Name.Value);
        Assert.AreEqual(LogLevel.Information, options.LogLevel);
        Assert.AreEqual(0, options.Joins.Count);
        Assert.AreEqual(TimeSpan.FromSeconds(5), options.PingInterval);
        Assert.AreEqual(TimeSpan.FromSeconds(15), options.DeadAfter);
        Assert.AreEqual(TimeSpan.FromHours(1), options.FullUpdateInterval);
        StringAssert.EndsWith(options.StateDirectory, "dftp/host1");
    }

    [TestMethod]
    [DataRow("--dfsroot", "/a b")]
    [DataRow("-dfsroot", "/a b")]
    [DataRow("--dfsroot=/a b")]
    [DataRow("-dfsroot=/a b")]
    public void Parse_OneDashOrTwoSpaceOrEquals_IsTheSame(params string[] arguments) => Assert.AreEqual("/a b", Parse(arguments).Root);

    [TestMethod]
    [DataRow("--dfsroot", "/x=y:z", "/x=y:z")]
    [DataRow("--dfsroot=/x=y:z", null, "/x=y:z")]
    [DataRow("-dfsroot", "@/x", "@/x")]
    [DataRow("-dfsroot", "\"/x\"", "\"/x\"")]
    public void Parse_ValueWithSpecialCharacters_IsTakenAsItIs(string first, string? second, string root) =>
        Assert.AreEqual(Path.GetFullPath(root), Parse(second is null ? [first] : [first, second]).Root);

    [TestMethod]
    [DataRow("--node-name", "-x")]
    [DataRow("--node-name", "--help")]
    [DataRow("--node-name", "--")]
    [DataRow("--node-name", "--ftp-listen")]
    public void Parse_ValueThatLooksLikeAnOption_IsTheValue(string flag, string value) =>
        Assert.AreEqual(value, Parse("--dfsroot=/", flag, value).Name.Value);

    [TestMethod]
    public void Parse_RelativeRoot_BecomesAbsolute() =>
        Assert.AreEqual(Path.Combine(Environment.CurrentDirectory, "data"), Parse("--dfsroot=data").Root);

    [TestMethod]
    public void Parse_EmptyAddresses_SwitchThosePartsOff()
    {
        var options = Parse(
            new Variables { ["DFTP_HTTP_MGMT_LISTEN"] = "" }, "--dfsroot=/", "--ftp-listen", "", "--http-listen=",
                "-multicast-discovery-addr=");

        Assert.IsNull(options.FtpListen);
        Assert.IsNull(options.HttpListen);
        Assert.IsNull(options.ManagementListen);
        Assert.IsNull(options.MulticastGroup);
    }

    [TestMethod]
    [DataRow("--dfsmount", "backup/server1/", "/backup/server1")]
    [DataRow("--dfsmount", "/", "/")]
    [DataRow("--dfsmount", "", "/")]
    [DataRow("--dfsmount", "/a/../b", "/b")]
    public void Parse_Mount_IsAPathOfTheTree(string flag, string value, string path) =>
        Assert.AreEqual(path, Parse("--dfsroot=/", flag, value).Mount.Value);

    [TestMethod]
    public void Parse_SameOptionEverywhere_CommandLineOverEnvironmentOverFileOverDefault()
    {
        using var config = new TemporaryFile("""{ "dfsroot": "/file", "node-name": "file", "cluster-name": "file", /* c */ "http-listen": ":1", }""");
        var environment = new Variables { ["DFTP_CONFIG"] = config.Path, ["DFTP_NODE_NAME"] = "env", ["DFTP_CLUSTER_NAME"] = "env" };

        var options = Parse(environment, "--cluster-name=line");

        Assert.AreEqual("line", options.ClusterName);
        Assert.AreEqual("env", options.Name.Value);
        Assert.AreEqual("/file", options.Root);
        Assert.AreEqual(":1", $"{options.HttpListen}");
        Assert.AreEqual(":2121", $"{options.FtpListen}");
    }

    [TestMethod]
    public void Parse_EmptyVariable_CountsAsGiven()
    {
        using var config = new TemporaryFile("""{ "node-name": "file", "ftp-listen": ":1" }""");
        var options = Parse(new Variables { ["DFTP_NODE_NAME"] = "", ["DFTP_FTP_LISTEN"] = "" }, "--dfsroot=/", "--config", config.Path);

        Assert.AreEqual("host1", options.Name.Value);
        Assert.IsNull(options.FtpListen);
    }

    [TestMethod]
    public void Parse_EmptyConfigOnTheCommandLine_OverridesTheVariable() =>
        Assert.AreEqual("/", Parse(new Variables { ["DFTP_CONFIG"] = "/nosuch" }, "--dfsroot=/", "--config=").Root);

    [TestMethod]
    public void Parse_BadValueThatIsOverridden_DoesNotMatter() =>
        Assert.AreEqual(":1", $"{Parse(new Variables { ["DFTP_FTP_LISTEN"] = "nonsense" }, "--dfsroot=/", "--ftp-listen=:1").FtpListen}");

    [TestMethod]
    [DataRow("--dfsroot: give the directory to serve, such as --dfsroot /storage; see dftp --help")]
    [DataRow("--dfsroot: needs a value, such as --dfsroot /storage", "--dfsroot")]
    [DataRow("--dfsroot: is given 2 times", "--dfsroot=/a", "--dfsroot=/b")]
    [DataRow("\"/data\": unexpected argument; the directory to serve is given by --dfsroot; see dftp --help", "/data")]
    [DataRow("\"[x]\": unexpected argument; the directory to serve is given by --dfsroot; see dftp --help", "[x]", "--dfsroot=/")]
    [DataRow("\"\": unexpected argument; the directory to serve is given by --dfsroot; see dftp --help", "--dfsroot=/", "")]
    [DataRow("--dfs-root: unknown option (did you mean --dfsroot?); see dftp --help", "--dfs-root=/x")]
    [DataRow("-x: unknown option; see dftp --help", "--dfsroot=/", "-x")]
    [DataRow("--http-listen: \"7040\" has no port; write host:port, such as :7040", "--dfsroot=/", "--http-listen=7040")]
    [DataRow("--log-level: \"loud\" is none of trace, debug, info, warning, error, off", "--dfsroot=/", "--log-level=loud")]
    [DataRow("--cluster-name: a cluster's name must not be empty", "--dfsroot=/", "--cluster-name=")]
    [DataRow("--multicast-discovery-addr: 10.0.0.1 is no multicast address (224.0.0.0 to 239.255.255.255, or ff00::/8)",
        "--dfsroot=/", "--multicast-discovery-addr=10.0.0.1:7041")]
    public void Parse_BadInput_SaysWhichOptionAndWhy(string problem, params string[] arguments) =>
        Assert.AreEqual(problem, Problem(arguments));

    [TestMethod]
    public void Parse_BadVariable_NamesOptionAndVariable() =>
        Assert.AreEqual(
            "--http-listen (from DFTP_HTTP_LISTEN): the port of \":x\" must be a number from 0 to 65535",
            Problem(new Variables { ["DFTP_HTTP_LISTEN"] = ":x" }, "--dfsroot=/"));

    [TestMethod]
    public void Parse_HostNameThatIsNoNodeName_AsksForOne()
    {
        var surroundings = new Surroundings(_ => null, () => "my host");
        var problem = Assert.ThrowsExactly<UsageException>(() => CommandLineParser.Parse(["--dfsroot=/"], surroundings));
        StringAssert.StartsWith(problem.Message, "--node-name: the host's name cannot be used", StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("""{ "dfs-root": "/x" }""", "unknown member \"dfs-root\" (did you mean dfsroot?)")]
    [DataRow("""{ "config": "/x" }""", "unknown member \"config\"")]
    [DataRow("[]", "holds no JSON object")]
    [DataRow("{", "is no JSON: ")]
    [DataRow("""{ "dfsroot": "/x", "dfsroot": "/y" }""", "is no JSON: ")]
    [DataRow("", "is no JSON: ")]
    public void Parse_BadFile_NamesFileAndProblem(string json, string problem)
    {
        using var config = new TemporaryFile(json);
        StringAssert.StartsWith(Problem("--dfsroot=/", "--config", config.Path), $"--config: {config.Path}: {problem}",
            StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("""{ "http-listen": ":x" }""", "the port of \":x\" must be a number from 0 to 65535")]
    [DataRow("""{ "http-listen": 7040 }""", "\"7040\" has no port; write host:port, such as :7040")]
    [DataRow("""{ "http-listen": null }""", "must be a JSON string")]
    [DataRow("""{ "http-listen": [":1"] }""", "must be a JSON string")]
    public void Parse_BadMember_NamesOptionFileAndProblem(string json, string problem)
    {
        using var config = new TemporaryFile(json);
        Assert.AreEqual($"--http-listen (from {config.Path}): {problem}", Problem("--dfsroot=/", "--config", config.Path));
    }

    [TestMethod]
    public void Parse_FileThatIsNotThere_SaysSo() =>
        Assert.AreEqual("--config (from DFTP_CONFIG): /nosuch/x: no such file", Problem(new Variables { ["DFTP_CONFIG"] = "/nosuch/x" }));

    [TestMethod]
    public void Parse_FileThatIsADirectory_SaysSo() => Assert.AreEqual("--config: /: is a directory", Problem("--config=/"));

    [TestMethod]
    public void Parse_FileWithoutEnd_IsRefused() =>
        StringAssert.Contains(Problem("--config=/dev/zero"), "is larger than", StringComparison.Ordinal);

    [TestMethod]
    [DataRow("--help")]
    [DataRow("-help")]
    [DataRow("-h")]
    [DataRow("--bogus", "--help")]
    public void Parse_Help_ShowsEveryOptionWithVariableDefaultAndExampleInOneHundredColumns(params string[] arguments)
    {
        var text = ((CommandLineRequest.Show)Request([], arguments)).Text;

        foreach (var option in NodeOptionTable.All)
        {
            var lines = text.Split('\n');
            var line = Array.FindIndex(lines, line => line.StartsWith($"  {option.Flag} {option.Placeholder} ", StringComparison.Ordinal));
            Assert.IsTrue(line >= 0, option.Flag);
            StringAssert.Contains(lines[line], $" {option.EnvironmentVariable}", StringComparison.Ordinal);
            StringAssert.Contains(lines[line], option.Default, StringComparison.Ordinal);
            Assert.IsTrue(lines.Contains($"      Example: {option.Flag} {option.Example}"), option.Flag);
        }

        foreach (var group in NodeOptionTable.Groups)
            StringAssert.Contains(text, $"\n\n{group.Heading}:\n\n  {group.Options[0].Flag} ", StringComparison.Ordinal);
        Assert.AreEqual("", string.Join('\n', text.Split('\n').Where(line => line.Length > 100)));
    }

    [TestMethod]
    public void Parse_ExamplesAndDefaultsOfTheHelp_AreValid()
    {
        foreach (var option in NodeOptionTable.All.Where(option => option != NodeOptionTable.Config && option.Name != "dfsroot"))
        {
            Assert.IsNotNull(Parse("--dfsroot=/", option.Flag, option.Example), option.Name);
            // Lists are compared by reference; that the default is an empty list is asserted above.
            Assert.AreEqual(Parse("--dfsroot=/") with { Joins = [], LegacyPeers = [] },
                Parse("--dfsroot=/", option.Flag, option.Default) with { Joins = [], LegacyPeers = [] }, option.Name);
        }
    }

    [TestMethod]
    [DataRow("--version")]
    [DataRow("-version")]
    public void Parse_Version_ShowsNameAndNumber(string argument) =>
        StringAssert.Matches(((CommandLineRequest.Show)Request([], argument)).Text, new("^dftp [0-9]+\\.[0-9]+\\.[0-9]+\n$"));

    [TestMethod]
    [DataRow("--ping-interval=20s", "--dead-after: is less than twice --ping-interval")]
    [DataRow("--ping-interval=1ms", "--ping-interval: is shorter than 100ms")]
    [DataRow("--rescan-interval=99999h", "--rescan-interval: is longer than 30 days")]
    [DataRow("--join=nas", "--join: nas is not host:port")]
    [DataRow("--join=:7041", "--join: :7041 is not host:port")]
    public void Parse_TimesOrJoinsThatMakeNoSense_NamesTheOption(string argument, string part)
    {
        var problem = Assert.ThrowsExactly<UsageException>(() => Parse("--dfsroot=/", argument));
        StringAssert.Contains(problem.Message, part);
    }

    [TestMethod]
    public void Parse_JoinAndStateDirectory_AreTakenAsGiven()
    {
        var options = Parse("--dfsroot=/", "--join=a:1", "--join", "[::1]:2", "--state-dir", "/var/lib/dftp", "--node-name=n");
        CollectionAssert.AreEqual(new[] { "a:1", "[::1]:2" }, options.Joins.Select(join => join.ToString()).ToList());
        Assert.AreEqual("/var/lib/dftp/n", options.StateDirectory);
        Assert.IsNull(Parse("--dfsroot=/", "--state-dir=").StateDirectory);
        Assert.AreEqual("/var/lib/dftp/node..", Parse("--dfsroot=/", "--state-dir=/var/lib/dftp", "--node-name=..").StateDirectory);
    }
}
