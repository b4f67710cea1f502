using System.Globalization;

namespace Dftp.Tests.Scenarios.Support;

/// <summary>
/// Hosts on one Ethernet, each with its own address and name: network namespaces joined by a bridge in another namespace, invisible
/// from outside. Needs root and iproute2.
/// </summary>
/// <remarks>
/// Host n has 192.0.2.n/24 on eth0, and hosts resolve each other's names. Namespaces are named after the test process, so that the
/// next run finds and removes those of a killed run.
/// </remarks>
internal sealed class NamespaceNetwork : IAsyncDisposable
{
    private const string Prefix = "dftp-test-";
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(20);
    private static int _networks;

    private readonly string _name = string.Create(CultureInfo.InvariantCulture,
        $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _networks)}");
    private readonly List<NamespaceHost> _hosts = [];

    private NamespaceNetwork()
    {
    }

    public string BridgeNamespace => $"{_name}-bridge";

    public IReadOnlyList<NamespaceHost> Hosts => _hosts;

    public NamespaceHost this[string hostName] => _hosts.Single(host => host.Name == hostName);

    /// <summary>Creates a network of hosts. If that is not possible, the calling test is inconclusive; under CI it fails.</summary>
    public static async Task<NamespaceNetwork> CreateAsync(params string[] hostNames)
    {
        RequireRootAndTools();
        await RemoveLeftoversAsync();
        var network = new NamespaceNetwork();
        try
        {
            await network.BuildAsync(hostNames);
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }

        return network;
    }

    /// <summary>Ends all programs on the hosts and removes the hosts.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts) await RemoveAsync(host.Namespace);
        await RemoveAsync(BridgeNamespace);
    }

    /// <summary>The namespaces of all runs, including dead ones.</summary>
    public static async Task<IReadOnlyList<string>> ListAsync()
    {
        var list = await IpAsync("netns", "list");
        return [.. list.Split('\n').Select(line => line.Split(' ')[0]).Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))];
    }

    public static async Task<string> IpAsync(params string[] arguments) =>
        (await ExternalProgram.RunAsync(CommandLimit, ["ip", .. arguments])).OutputIfDone();

    private static void RequireRootAndTools()
    {
        if (!OperatingSystem.IsLinux()
            || !Environment.IsPrivilegedProcess) ProgramTools.SkipOrFail("network namespaces need root on Linux");
        ProgramTools.Require("ip", "unshare");
    }

    private static async Task RemoveLeftoversAsync()
    {
        foreach (var name in await ListAsync())
        {
            var process = name[Prefix.Length..].Split('-')[0];
            if (!Directory.Exists($"/proc/{process}")) await RemoveAsync(name);
        }
    }

    private static async Task RemoveAsync(string name)
    {
        var configuration = NamespaceHost.ConfigurationDirectory(name);
        if (Directory.Exists(configuration)) Directory.Delete(configuration, recursive: true);
        if (!(await ListAsync()).Contains(name)) return;
        foreach (var process in (await IpAsync("netns", "pids", name)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            ProcessSignals.Send(int.Parse(process, CultureInfo.InvariantCulture), ProcessSignal.Kill);
        }

        await IpAsync("netns", "del", name);
    }

    private async Task BuildAsync(string[] hostNames)
    {
        await IpAsync("netns", "add", BridgeNamespace);
        await IpAsync("-n", BridgeNamespace, "link", "add", NamespaceHost.Bridge, "type", "bridge", "mcast_snooping", "0");
        await IpAsync("-n", BridgeNamespace, "link", "set", NamespaceHost.Bridge, "up");
        for (var i = 0; i < hostNames.Length; i++)
        {
            _hosts.Add(new NamespaceHost($"{_name}-{i + 1}", hostNames[i], $"192.0.2.{i + 1}", BridgeNamespace, $"port{i + 1}"));
        }

        foreach (var host in _hosts) await host.BuildAsync(_hosts);
    }
}
