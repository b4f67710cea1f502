using System.Security.Cryptography;
using Dftp.Tests.Node;

namespace Dftp.Tests.Scenarios.Support;

/// <summary>What protects the nodes of a cluster from strangers.</summary>
public enum ClusterForm
{
    /// <summary>Nothing.</summary>
    Open,

    /// <summary>A secret, and TLS between nodes.</summary>
    Locked,
}

/// <summary>
/// A network of hosts, each with a directory and a node. Each directory contains the file <c>of-HOST</c> at the start. A node's
/// answers are requested on its own host.
/// </summary>
internal sealed class HostCluster : IAsyncDisposable
{
    /// <summary>The timeout for steps that a test does not measure: the test machine may be busy.</summary>
    public static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan CurlLimit = TimeSpan.FromSeconds(20);

    private readonly TemporaryDirectory _folder = new();
    private readonly NamespaceNetwork _network;
    private readonly Dictionary<string, DftpNode> _running = [];

    private HostCluster(NamespaceNetwork network, ClusterForm form)
    {
        _network = network;
        if (form == ClusterForm.Locked) Secret = WriteSecret(Path.Combine(_folder.Path, "secret"));
        foreach (var host in network.Hosts)
        {
            Directory.CreateDirectory(RootOf(host.Name));
            Write(host.Name, OwnFile(host.Name), "of " + host.Name);
        }
    }

    public static string OwnFile(string host) => $"of-{host}";

    /// <summary>The file with the secret of a locked cluster; null in an open one.</summary>
    public string? Secret { get; }

    public static Task<HostCluster> CreateAsync(params string[] hosts) => CreateAsync(ClusterForm.Open, hosts);

    public static async Task<HostCluster> CreateAsync(ClusterForm form, params string[] hosts) =>
        new(await NamespaceNetwork.CreateAsync(hosts), form);

    /// <summary>Writes a secret file that a node accepts.</summary>
    public static string WriteSecret(string file)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(file, options);
        writer.WriteLine(Convert.ToHexString(RandomNumberGenerator.GetBytes(32)));
        return file;
    }

    public NamespaceHost Host(string name) => _network[name];

    public DftpNode Node(string host) => _running[host];

    /// <summary>The directory that the node of a host serves.</summary>
    public string RootOf(string host) => Path.Combine(_folder.Path, host);

    /// <summary>A directory for downloads of a test.</summary>
    public string Fetched(string name) => Path.Combine(_folder.Path, $"fetched-{name}");

    public void Write(string host, string name, string content) => File.WriteAllText(Path.Combine(RootOf(host), name), content);

    /// <summary>Starts the node of a host, or restarts it after its end.</summary>
    /// <param name="host">Where.</param>
    /// <param name="environment">Variables of its own, as NAME=VALUE.</param>
    public async Task StartAsync(string host, params IReadOnlyList<string> environment)
    {
        await DisposeOfNodeAsync(host);
        string[] secret = Secret is null ? [] : [$"--cluster-secret-file={Secret}"];
        _running[host] = Host(host).StartNode(environment, [$"--dfsroot={RootOf(host)}", .. secret]);
    }

    /// <summary>
    /// As <see cref="StartAsync"/>, and waits until the node listens, so that a slow start of the process is not measured.
    /// </summary>
    public async Task RestartAsync(string host)
    {
        await StartAsync(host);
        await Node(host).WaitForLogAsync($"node {host} started", StartLimit);
    }

    /// <summary>Starts a node on every host, and waits until every node serves the files of all.</summary>
    public async Task StartAllAsync()
    {
        foreach (var host in _network.Hosts) await StartAsync(host.Name);
        var own = string.Join(' ', _network.Hosts.Select(host => OwnFile(host.Name)).Order(StringComparer.Ordinal));
        await Task.WhenAll(_network.Hosts.Select(host =>
            Eventually.EqualAsync(own, () => OwnFilesOnAsync(host.Name), StartLimit, $"{host.Name} knows all nodes")));
    }

    /// <summary>Waits until the node of a host serves a file.</summary>
    public Task SeesAsync(string host, string name, TimeSpan within) =>
        Eventually.EqualAsync("200", () => StatusAsync(host, name), within, $"{host} serves {name}");

    /// <summary>Waits until the node of a host no longer serves a file.</summary>
    public Task MissesAsync(string host, string name, TimeSpan within) =>
        Eventually.EqualAsync("404", () => StatusAsync(host, name), within, $"{host} serves {name} no more");

    /// <summary>Waits until the node of a host serves these files and no others.</summary>
    public Task ServesAsync(string host, string paths, TimeSpan within) =>
        Eventually.EqualAsync(paths, () => PathsAsync(host), within, $"all that {host} serves");

    /// <summary>The paths of all files that the node of a host serves, in order.</summary>
    public async Task<string> PathsAsync(string host)
    {
        var lines = (await CurlAsync(host, "http://localhost:7040/find/")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return string.Join(' ', lines.Order(StringComparer.Ordinal));
    }

    public Task<string> ContentAsync(string host, string name) => CurlAsync(host, $"http://localhost:7040/fs/{name}");

    public async Task<string> CurlAsync(string host, params string[] arguments) =>
        (await Host(host).RunAsync(CurlLimit, ["curl", "--silent", "--show-error", "--fail", "--max-time", "15", .. arguments]))
            .OutputIfDone();

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _running.Keys.ToArray()) await DisposeOfNodeAsync(host);
        await _network.DisposeAsync();
        _folder.Dispose();
    }

    private async Task DisposeOfNodeAsync(string host)
    {
        if (_running.Remove(host, out var node)) await node.DisposeAsync();
    }

    private async Task<string> OwnFilesOnAsync(string host) =>
        string.Join(' ', (await PathsAsync(host)).Split(' ').Where(path => path.StartsWith("/of-", StringComparison.Ordinal))
            .Select(path => path[1..]));

    private async Task<string> StatusAsync(string host, string name) =>
        (await Host(host).RunAsync(
            CurlLimit, "curl", "--silent", "--head", "--output", "/dev/null", "--write-out", "%{http_code}", "--max-time", "5",
            $"http://localhost:7040/fs/{name}")).Output;
}
