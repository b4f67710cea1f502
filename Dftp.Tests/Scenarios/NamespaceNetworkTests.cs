using Dftp.Tests.Scenarios.Support;

namespace Dftp.Tests.Scenarios;

/// <summary>The test network of the scenarios works as specified, checked with other programs.</summary>
[TestClass]
[TestCategory("Namespaces")]
public sealed class NamespaceNetworkTests
{
    private const string Server = """
        use IO::Socket::INET; $| = 1;
        my $listener = IO::Socket::INET->new(LocalPort => 8000, Listen => 5, ReuseAddr => 1) or die; print "ready\n";
        while (my $client = $listener->accept) { <$client>; print $client "HTTP/1.0 200 OK\r\n\r\nhello"; close $client; }
        """;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private static async Task<ExternalProgram> StartServerAsync(NamespaceHost host)
    {
        var server = host.Start("perl", "-e", Server);
        await Eventually.TrueAsync(() => server.Output.Contains("ready", StringComparison.Ordinal), Limit, "the server is ready");
        return server;
    }

    private static async Task<string> FetchAsync(NamespaceHost host, string url) =>
        (await host.RunAsync(Limit, "curl", "--silent", "--show-error", "--max-time", "2", url)).OutputIfDone();

    [TestMethod]
    public async Task Hosts_HaveNamesAndAddressesOfTheirOwn_AndReachEachOtherByName()
    {
        await using var network = await NamespaceNetwork.CreateAsync("server1", "server2");
        await using var server = await StartServerAsync(network["server2"]);

        Assert.AreEqual("server1\n", (await network["server1"].RunAsync(Limit, "uname", "-n")).Output);
        Assert.AreEqual("server2\n", (await network["server2"].RunAsync(Limit, "uname", "-n")).Output);
        Assert.AreEqual("192.0.2.2", network["server2"].Address);
        Assert.AreEqual("hello", await FetchAsync(network["server1"], "http://server2:8000/"));
    }

    [TestMethod]
    public async Task CutCable_CarriesNothingUntilItIsHealed()
    {
        await using var network = await NamespaceNetwork.CreateAsync("server1", "server2");
        await using var server = await StartServerAsync(network["server2"]);
        Assert.AreEqual("hello", await FetchAsync(network["server1"], "http://server2:8000/"));

        await network["server2"].CutAsync();
        await Assert.ThrowsExactlyAsync<AssertFailedException>(() => FetchAsync(network["server1"], "http://server2:8000/"));

        await network["server2"].HealAsync();
        await Eventually.EqualAsync("hello", () => FetchAsync(network["server1"], "http://server2:8000/"), Limit,
            "the server answers again");
    }

    [TestMethod]
    public async Task StoppedProgram_AnswersOnceItContinues()
    {
        await using var network = await NamespaceNetwork.CreateAsync("server1", "server2");
        await using var server = await StartServerAsync(network["server2"]);

        server.Send(ProcessSignal.Stop);
        await Assert.ThrowsExactlyAsync<AssertFailedException>(() => FetchAsync(network["server1"], "http://server2:8000/"));
        server.Send(ProcessSignal.Continue);

        await Eventually.EqualAsync("hello", () => FetchAsync(network["server1"], "http://server2:8000/"), Limit,
            "the server answers again");
        server.Send(ProcessSignal.Kill);
        Assert.AreEqual(128 + (int)ProcessSignal.Kill, (await server.WaitAsync(Limit)).ExitCode);
    }

    [TestMethod]
    public async Task Delay_IsSeenByThePeer()
    {
        await using var network = await NamespaceNetwork.CreateAsync("server1", "server2");
        await using var server = await StartServerAsync(network["server2"]);
        await network["server2"].SetDelayAndLossAsync(TimeSpan.FromMilliseconds(300), lossPercent: 0);

        var seconds = await network["server1"].RunAsync(Limit, "curl", "--silent", "--output", "/dev/null", "--write-out",
            "%{time_total}", "http://server2:8000/");

        Assert.IsTrue(double.Parse(seconds.OutputIfDone(), null) >= 0.3, seconds.Output);
    }

    [TestMethod]
    public async Task Rate_IsKept()
    {
        await using var network = await NamespaceNetwork.CreateAsync("server1", "server2");
        await using var server = network["server2"].Start("perl", "-e",
            Server.Replace("\"HTTP/1.0 200 OK\\r\\n\\r\\nhello\"", "\"HTTP/1.0 200 OK\\r\\n\\r\\n\" . 'x' x 100000",
            StringComparison.Ordinal));
        await Eventually.TrueAsync(() => server.Output.Contains("ready", StringComparison.Ordinal), Limit, "the server is ready");
        await network["server2"].SetRateAsync(kilobitsPerSecond: 1000);

        var seconds = await network["server1"].RunAsync(Limit, "curl", "--silent", "--output", "/dev/null", "--write-out",
            "%{time_total}", "http://server2:8000/");

        // 800 kbit less the burst that passes at once.
        Assert.IsTrue(double.Parse(seconds.OutputIfDone(), null) >= 0.5, seconds.Output);
    }

    [TestMethod]
    public async Task ProgramThatDoesNotEnd_IsKilledAtItsLimit()
    {
        await using var network = await NamespaceNetwork.CreateAsync("server1");
        await Assert.ThrowsExactlyAsync<AssertFailedException>(() =>
            network["server1"].RunAsync(TimeSpan.FromMilliseconds(300), "sleep", "1000"));
        Assert.AreEqual("", await NamespaceNetwork.IpAsync("netns", "pids", network["server1"].Namespace));
    }

    [TestMethod]
    public async Task Dispose_EndsProgramsAndLeavesNothing()
    {
        string[] namespaces;
        ExternalProgram sleeper;
        await using (var network = await NamespaceNetwork.CreateAsync("server1"))
        {
            namespaces = [network["server1"].Namespace, network.BridgeNamespace];
            sleeper = network["server1"].Start("sleep", "1000");
            await Eventually.EqualAsync($"{sleeper.Id}\n", () => NamespaceNetwork.IpAsync("netns", "pids", namespaces[0]), Limit,
                "the program is on the host");
        }

        await using (sleeper) await sleeper.WaitAsync(Limit);
        Assert.IsFalse((await NamespaceNetwork.ListAsync()).Intersect(namespaces).Any());
        Assert.IsFalse(Directory.Exists(NamespaceHost.ConfigurationDirectory(namespaces[0])));
    }

    [TestMethod]
    public async Task Create_RemovesWhatADeadRunLeft()
    {
        await using (await NamespaceNetwork.CreateAsync())
        {
            // Above every process id of Linux.
            await NamespaceNetwork.IpAsync("netns", "add", "dftp-test-99999999-1-1");
        }

        await using var network = await NamespaceNetwork.CreateAsync();

        Assert.IsFalse((await NamespaceNetwork.ListAsync()).Contains("dftp-test-99999999-1-1"));
    }
}
