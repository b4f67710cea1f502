using System.Net;
using System.Net.Sockets;
using Dftp.Cluster.Index;
using Dftp.Node.Commands;
using Dftp.Node.Commands.Doctor;
using Dftp.Tests.Support;

namespace Dftp.Tests.Node.Commands;

[TestClass]
public sealed class DoctorCommandTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [TestMethod]
    public async Task Doctor_TwoNodesThatKnowEachOther_ReportsNoProblem()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", [("one", "1")]);
        var b = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();

        var run = await CommandRun.OfAsync(a, "doctor");

        Assert.AreEqual((0, ""), (run.ExitCode, run.Error), run.Output);
        Assert.IsTrue(run.Lines.All(line => line.StartsWith("ok       ", StringComparison.Ordinal)), run.Output);
        Has(run, "ok       its scan of 1 file finished ");
        Has(run, $"ok       b: a node called b answers at {b.Management.Authority}");
        Has(run, "ok       b: it is in the same cluster, dftp");
        Has(run, $"ok       b: its public port {b.Public.Authority} can be reached");
        Has(run, "ok       b: its clock agrees");
        Has(run, "ok       b: it knows a");
        Has(run, "ok       b: a knows it, last seen ");
    }

    [TestMethod]
    public async Task Doctor_NodeThatIsDown_SaysThatNothingListens()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var b = await cluster.StartAsync("b", []);
        await cluster.UniteAsync();
        var address = b.Management.Authority;
        await b.StopAsync();
        await Eventually.TrueAsync(() => a.Tree.Missing.Count == 1, "a misses b");

        var run = await CommandRun.OfAsync(a, "doctor");

        Assert.AreEqual(1, run.ExitCode);
        Has(run, "problem  b (missing since ");
        StringAssert.Contains(run.Output, $"connection refused: the machine is there, but nothing listens at {address}",
            StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Doctor_NodeThatWasNeverMet_SaysHowToJoinIt()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var b = await cluster.StartAsync("b", []);

        var run = await CommandRun.OfAsync(a, "doctor", b.Management.Authority);

        Assert.AreEqual(1, run.ExitCode);
        Has(run, "problem  discovery is switched off (an empty --multicast-discovery-addr) and no node is known: dftp join HOST:PORT");
        Has(run, $"problem  b: it and a do not know each other: dftp join {b.Management.Authority} --node {a.Management.Authority}");
    }

    [TestMethod]
    public async Task Doctor_NodeOfAnotherCluster_NamesBoth()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var b = await cluster.StartAsync("b", [], options => options with { ClusterName = "other" });

        var run = await CommandRun.OfAsync(a, "doctor", b.Management.Authority);

        Has(run, "problem  b: its cluster is other, that of a is dftp: start both with the same --cluster-name");
    }

    [TestMethod]
    public async Task Doctor_NodeOfTheSameName_AsksForAnother()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var namesake = await cluster.StartAsync("a", []);

        var run = await CommandRun.OfAsync(a, "doctor", namesake.Management.Authority);

        Assert.AreEqual(1, run.ExitCode);
        Has(run, $"problem  {namesake.Management.Authority}: it is called a too: start one of the two with another --node-name");
    }

    [TestMethod]
    public async Task Doctor_OwnAddress_IsRecognised()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);

        var run = await CommandRun.OfAsync(a, "doctor", a.Management.Authority);

        Has(run, $"ok       {a.Management.Authority}: that is a itself");
    }

    [TestMethod]
    public async Task Doctor_OwnNodeDown_StillLooksAtTheOneNamed()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var b = await cluster.StartAsync("b", []);
        var address = a.Management.Authority;
        await a.StopAsync();

        var run = await CommandRun.OfAsync(address, Patience, "doctor", b.Management.Authority);

        Assert.AreEqual(1, run.ExitCode);
        Has(run, $"problem  no node answers at {address} (connection refused)");
        Has(run, $"ok       {b.Management.Authority}: a node called b answers at {b.Management.Authority}");
    }

    [TestMethod]
    public async Task Doctor_PublicPortInPlaceOfTheManagementPort_SaysThatItIsNot()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var b = await cluster.StartAsync("b", []);

        var run = await CommandRun.OfAsync(a, "doctor", b.Public.Authority);

        Has(run, $"problem  {b.Public.Authority}: what answers at {b.Public.Authority} is not the management interface of a node");
    }

    [TestMethod]
    public async Task Doctor_ClockThatIsAhead_IsAProblem()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        var ahead = DateTimeOffset.UtcNow.AddHours(3).ToUnixTimeSeconds();
        await using var odd = new FakeNode((node, _) => FakeNode.Ok(node.ClusterAnswer("odd", $",\"Epoch\":1,\"LastAlive\":{ahead}", """{"a":{}}""")));

        var run = await CommandRun.OfAsync(a, "doctor", odd.Address);

        Assert.IsTrue(run.Lines.Any(line => line.StartsWith("problem  odd: its clock is ", StringComparison.Ordinal)
            && line.Contains(" ahead of that of this machine", StringComparison.Ordinal)), run.Output);
        Has(run, $"problem  odd: a does not know it: dftp join {odd.Address} --node {a.Management.Authority}");
    }

    [TestMethod]
    public async Task Doctor_PublicPortThatNothingListensOn_IsAProblem()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)closed.LocalEndPoint!).Port;
        await using var odd = new FakeNode((_, _) => FakeNode.Ok($$$"""{"Me":{"Name":"odd","PublicAddr":"127.0.0.1:{{{port}}}","MgmtAddr":":1"}}"""));

        var run = await CommandRun.OfAsync(a, "doctor", odd.Address);

        Has(run, "problem  odd: its public port: connection refused: ");
    }

    [TestMethod]
    public async Task Doctor_PortThatTakesConnectionsAndSaysNothing_IsAProblemAfterTheLimit()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);
        await using var mute = new FakeNode((_, _) => null);

        var run = await CommandRun.OfAsync(a.Management.Authority, TimeSpan.FromSeconds(1), "doctor", mute.Address);

        Has(run, $"problem  {mute.Address}: {mute.Address} takes connections, but no answer within 1 s");
    }

    [TestMethod]
    public async Task Doctor_NameThatIsNotKnown_IsSaid()
    {
        await using var cluster = new TestCluster();
        var a = await cluster.StartAsync("a", []);

        // RFC 6761, section 6.4: name resolution answers names under "invalid" with a negative answer.
        var run = await CommandRun.OfAsync(a, "doctor", "nas.invalid:7041");

        Has(run, "problem  nas.invalid:7041: its management port: the name nas.invalid is not known on this machine");
    }

    [TestMethod]
    [DataRow(0, 0, true)]
    [DataRow(3, 3, false)]
    [DataRow(2, 2, true)]
    [DataRow(-3, -2, true)]
    [DataRow(-4, -3, false)]
    public void ClockReading_TimeWithoutItsFraction_IsGivenTheBenefitOfASecond(int told, int difference, bool agrees)
    {
        var now = DateTimeOffset.UnixEpoch;
        var reading = new ClockReading(now.AddSeconds(told), now, now);
        Assert.AreEqual((TimeSpan.FromSeconds(difference), agrees), (reading.Difference, reading.Agrees));
    }

    [TestMethod]
    [DataRow("no way out", 0L, 0L, 0L, "problem  discovery fails: no way out;", "problem  discovery has heard no other node")]
    [DataRow(null, 0L, 0L, 0L, "problem  discovery has not sent anything yet", "problem  discovery has heard no other node")]
    [DataRow(null, 2L, 0L, 3L, "ok       discovery sends: 2 announcements",
        "problem  nodes of another cluster are heard, other last; this one is dftp")]
    [DataRow(null, 2L, 1L, 0L, "ok       discovery hears: 1 announcement of other nodes", "problem  another node is called a too")]
    public async Task Discovery_OfALonelyNode_SaysWhatKeepsOthersAway(
        string? failure, long sent, long heard, long otherClusters, string line, string other)
    {
        var report = new StatusReport
        {
            Node = "a",
            Cluster = "dftp",
            Discovery = new DiscoveryReport
            {
                Failure = failure,
                Sent = sent,
                Heard = heard,
                OtherClusters = otherClusters,
                LastOtherCluster = "other",
                Namesakes = heard,
            },
        };

        var lines = await LinesAsync(findings => OwnNodeCheck.ReportDiscovery(report, findings));

        StringAssert.Contains(lines, line, StringComparison.Ordinal);
        StringAssert.Contains(lines, other, StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("scanning", null, "problem  its first scan has not finished")]
    [DataRow("rootLost", "no such directory", "problem  its directory cannot be read (no such directory), and ")]
    [DataRow("failed", null, "problem  it does not follow its directory: see its log")]
    [DataRow("stopped", "x", "problem  it does not follow its directory (x): see its log")]
    public async Task Scan_ThatDoesNotFollowTheDisk_IsAProblem(string state, string? failure, string line) => StringAssert.StartsWith(
        await LinesAsync(findings =>
            OwnNodeCheck.ReportScan(new ScanStatus { State = state, Failure = failure, Finished = 1 }, DateTimeOffset.UnixEpoch, findings)),
        line,
        StringComparison.Ordinal);

    [TestMethod]
    [DataRow(nameof(SkipReason.LinkLeavesRoot), "ok")]
    [DataRow(nameof(SkipReason.LinkDangles), "ok")]
    [DataRow(nameof(SkipReason.LinkLoops), "ok")]
    [DataRow(nameof(SkipReason.LinkNests), "ok")]
    [DataRow(nameof(SkipReason.NotRegular), "ok")]
    [DataRow(nameof(SkipReason.NameNotUtf8), "problem")]
    [DataRow(nameof(SkipReason.NameHasControl), "problem")]
    [DataRow(nameof(SkipReason.PathTooLong), "problem")]
    [DataRow(nameof(SkipReason.UnreadableDirectory), "problem")]
    [DataRow(nameof(SkipReason.UnreadableFile), "problem")]
    public async Task Scan_WhatWasLeftOut_IsAProblemWhereSomethingCanBeDone(string reason, string verdict)
    {
        var skipped = new SkippedStatus { Reason = Enum.Parse<SkipReason>(reason).InWords(), Count = 1 };
        var scan = new ScanStatus { State = "following", Finished = 1, Skipped = [skipped] };
        var lines = await LinesAsync(findings => OwnNodeCheck.ReportScan(scan, DateTimeOffset.UnixEpoch.AddSeconds(61), findings));
        StringAssert.StartsWith(lines, "ok       its scan of 0 files finished 1 min ago\n", StringComparison.Ordinal);
        StringAssert.Contains(lines, $"\n{verdict,-9}left out of the scan: 1 ", StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("", "problem  no interface of this machine can multicast")]
    [DataRow("lo", "ok       only nodes of this machine can be found by multicast: lo (1.2.3.4)\n")]
    [DataRow("lo eth0", "ok       interfaces of this machine that can multicast: lo (1.2.3.4), eth0 (1.2.3.4)\n")]
    [DataRow("lo tun0", "ok       interfaces that cannot multicast: tun0 (1.2.3.4); ")]
    [DataRow("tun0", "problem  no interface of this machine can multicast")]
    public async Task Interfaces_AreJudgedByWhetherTheyCanMulticast(string names, string line)
    {
        var interfaces = names.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(name => new LocalInterface(name, name == "lo", name == "eth0", ["1.2.3.4"]))
            .ToList();
        StringAssert.Contains(await LinesAsync(findings => InterfaceCheck.Run(interfaces, findings)), line, StringComparison.Ordinal);
    }

    private static void Has(CommandRun run, string start) =>
        Assert.IsTrue(run.Lines.Any(line => line.StartsWith(start, StringComparison.Ordinal)), $"{start}\nis not in\n{run.Output}");

    private static async Task<string> LinesAsync(Action<Findings> report)
    {
        var findings = new Findings();
        report(findings);
        using var output = new StringWriter();
        await findings.WriteAsync(output);
        return output.ToString();
    }
}
