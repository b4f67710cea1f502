using System.Globalization;

namespace Dftp.Tests.Scenarios.Support;

/// <summary>A host of a <see cref="NamespaceNetwork"/>.</summary>
/// <param name="ns">Its network namespace.</param>
/// <param name="name">Its host name.</param>
/// <param name="address">Its IPv4 address.</param>
/// <param name="bridgeNamespace">The namespace of the other end of its cable.</param>
/// <param name="port">The name of that end.</param>
internal sealed class NamespaceHost(string ns, string name, string address, string bridgeNamespace, string port)
{
    public const string Bridge = "bridge";
    private const string Device = "eth0";
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(20);

    public string Namespace => ns;

    public string Name => name;

    public string Address => address;

    /// <summary>Files there replace those of /etc for programs in the namespace.</summary>
    public static string ConfigurationDirectory(string ns) => $"/etc/netns/{ns}";

    public async Task BuildAsync(IReadOnlyList<NamespaceHost> all)
    {
        var configuration = ConfigurationDirectory(ns);
        Directory.CreateDirectory(configuration);
        var names = all.Select(host => $"{host.Address} {host.Name}\n");
        await File.WriteAllTextAsync($"{configuration}/hosts", $"127.0.0.1 localhost\n::1 localhost\n{string.Concat(names)}");
        await File.WriteAllTextAsync($"{configuration}/nsswitch.conf", "hosts: files\n");

        await NamespaceNetwork.IpAsync("netns", "add", ns);
        await NamespaceNetwork.IpAsync("-n", ns, "link", "set", "lo", "up");
        await NamespaceNetwork.IpAsync("-n", ns, "link", "add", Device, "type", "veth", "peer", "name", port, "netns", bridgeNamespace);
        await NamespaceNetwork.IpAsync("-n", ns, "addr", "add", $"{address}/24", "dev", Device);
        await NamespaceNetwork.IpAsync("-n", ns, "link", "set", Device, "up");
        await NamespaceNetwork.IpAsync("-n", ns, "route", "add", "default", "dev", Device);
        await NamespaceNetwork.IpAsync("-n", bridgeNamespace, "link", "set", port, "master", Bridge, "up");
    }

    /// <summary>Starts a program on the host. The process is the program itself, so that signals reach it.</summary>
    public ExternalProgram Start(params string[] command) =>
        ExternalProgram.Start(
        [
            "ip", "netns", "exec", ns, "unshare", "--uts",
            "sh", "-c", "echo \"$0\" > /proc/sys/kernel/hostname && exec \"$@\"", name, .. command,
        ]);

    /// <summary>Runs a program on the host until it exits.</summary>
    /// <exception cref="AssertFailedException">It took longer than <paramref name="limit"/>, and was killed.</exception>
    public async Task<ProgramResult> RunAsync(TimeSpan limit, params string[] command)
    {
        await using var program = Start(command);
        return await program.WaitAsync(limit);
    }

    /// <summary>Starts the built node on the host.</summary>
    public DftpNode StartNode(params string[] options) => StartNode([], options);

    /// <summary>Starts the built node on the host, with additional environment variables.</summary>
    /// <param name="environment">As NAME=VALUE.</param>
    /// <param name="options">By default the node keeps no state between tests.</param>
    /// <param name="form">The form of the program to run.</param>
    public DftpNode StartNode(IReadOnlyList<string> environment, IReadOnlyList<string> options, ProgramForm form = ProgramForm.Built)
    {
        var remembers = options.Any(option => option.StartsWith("--state-dir", StringComparison.Ordinal));
        return new DftpNode(this,
            Start(["env", .. environment, .. Repository.Command(form), .. options, .. remembers ? [] : new[] { "--state-dir=" }]));
    }

    /// <summary>Pulls the cable at the far end: packets are dropped, and the host's interface stays up.</summary>
    /// <summary>
    /// Limits the kernel's buffers of its connections, which otherwise grow to tens of megabytes and can contain a whole transfer.
    /// </summary>
    public async Task LimitBuffersAsync(int bytes)
    {
        var script = string.Create(CultureInfo.InvariantCulture,
            $"for way in rmem wmem; do echo 4096 16384 {bytes} > /proc/sys/net/ipv4/tcp_$way; done");
        (await RunAsync(TimeSpan.FromSeconds(10), "sh", "-c", script)).OutputIfDone();
    }

    public Task CutAsync() => NamespaceNetwork.IpAsync("-n", bridgeNamespace, "link", "set", port, "nomaster");

    public Task HealAsync() => NamespaceNetwork.IpAsync("-n", bridgeNamespace, "link", "set", port, "master", Bridge);

    /// <summary>Delays the host's outgoing packets and drops a part of them. Inconclusive if the kernel has no netem.</summary>
    public async Task SetDelayAndLossAsync(TimeSpan delay, int lossPercent)
    {
        var result = await TcAsync("netem", "delay", $"{delay.TotalMilliseconds.ToString(CultureInfo.InvariantCulture)}ms", "loss",
            $"{lossPercent}%");
        if (result.Error.Contains("qdisc kind is unknown", StringComparison.Ordinal)) Assert.Inconclusive("this kernel has no netem");
        result.OutputIfDone();
    }

    /// <summary>Limits the rate of the host's outgoing packets.</summary>
    public async Task SetRateAsync(int kilobitsPerSecond)
    {
        var result = await TcAsync("tbf", "rate", $"{kilobitsPerSecond}kbit", "burst", "16kb", "latency", "200ms");
        if (result.Error.Contains("qdisc kind is unknown", StringComparison.Ordinal)) Assert.Inconclusive("this kernel has no tbf");
        result.OutputIfDone();
    }

    /// <summary>Silently drops the host's packets to another host.</summary>
    public Task LosePacketsToAsync(NamespaceHost other) =>
        NamespaceNetwork.IpAsync("-n", ns, "neigh", "replace", other.Address, "lladdr", "02:00:00:00:00:fe", "nud", "permanent",
            "dev", Device);

    /// <summary>Silently drops each packet to the host with this probability. Inconclusive if nftables does not support that.</summary>
    public Task SetLossAsync(int percent) =>
        DropAsync("loss", percent == 0 ? [] : [string.Create(CultureInfo.InvariantCulture, $"numgen random mod 100 <= {percent - 1}")]);

    /// <summary>Drops all packets of existing connections to the host; new connections work.</summary>
    public async Task ForgetConnectionsAsync()
    {
        var connections = (await RunAsync(CommandLimit, "ss", "-Htn", "state", "established")).OutputIfDone();
        var ports = connections.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => !fields[2].StartsWith("127.", StringComparison.Ordinal))
            .Select(fields => $"tcp dport {Port(fields[2])} tcp sport {Port(fields[3])}")
            .ToArray();
        Assert.AreNotEqual(0, ports.Length, "there are connections to forget");
        await DropAsync("forgotten", ports);

        static string Port(string address) => address[(address.LastIndexOf(':') + 1)..];
    }

    private async Task DropAsync(string chain, string[] packets)
    {
        ProgramTools.Require("nft");
        string[] commands =
        [
            "add table inet faults",
            $"add chain inet faults {chain} {{ type filter hook input priority 0; }}",
            $"flush chain inet faults {chain}",
            .. packets.Select(match => $"add rule inet faults {chain} iifname {Device} {match} drop"),
        ];
        var result = await RunAsync(CommandLimit, "nft", string.Join("; ", commands));
        if (result.Error.Contains("No such file or directory", StringComparison.Ordinal)) Assert.Inconclusive(
            "this kernel cannot drop packets by nftables");
        result.OutputIfDone();
    }

    private Task<ProgramResult> TcAsync(params string[] discipline) =>
        ExternalProgram.RunAsync(CommandLimit, ["tc", "-n", ns, "qdisc", "replace", "dev", Device, "root", .. discipline]);
}
