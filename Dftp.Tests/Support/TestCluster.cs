using System.Net;
using System.Net.Sockets;
using Dftp.Cluster.LocalFiles.Watching;
using Dftp.FileSystem;
using Dftp.Node;

namespace Dftp.Tests.Support;

/// <summary>Real nodes in this process, on ephemeral loopback ports, built by the product's own composition root.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly List<TestNode> _nodes = [];

    /// <summary>Set by tests that expect a logged error.</summary>
    public bool ExpectsErrors { get; init; }

    public static HttpClient Http { get; } = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });

    /// <summary>
    /// A port that a node can reuse after a restart: below the ephemeral range, so that no other socket gets it meanwhile.
    /// </summary>
    public static ListenAddress LastingPort()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return ListenAddress.Parse($"127.0.0.1:{port}");
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }
    }

    /// <summary>Starts a node on a new directory and waits for its first scan, so that no answer is marked unconfirmed.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="files">Path and content of the initial files.</param>
    /// <param name="change">Changes the start options.</param>
    public async Task<TestNode> StartAsync(
        string name, IEnumerable<(string Path, string Content)> files, Func<NodeOptions, NodeOptions>? change = null)
    {
        var root = Directory.CreateTempSubdirectory("dftp-test-").FullName;
        var node = new TestNode(name, root);
        foreach (var (path, content) in files) node.Write(path, content);
        _nodes.Add(node);
        await node.StartAsync(change);
        await Eventually.TrueAsync(() => node.Host.Cluster.ScanStatus.State != ScanState.FirstScan, $"{name} has read its root");
        return node;
    }

    /// <summary>Joins each node to the first one and waits until all have the same tree.</summary>
    public async Task UniteAsync()
    {
        foreach (var node in _nodes.Skip(1)) await node.JoinAsync(_nodes[0]);
        await ConvergedAsync();
    }

    /// <summary>
    /// Waits until all running nodes have scanned their roots, know each other, have no missing nodes and show the same tree.
    /// </summary>
    public Task ConvergedAsync() => Eventually.TrueAsync(
        () =>
        {
            var running = _nodes.Where(node => node.IsRunning).ToList();
            return running.All(node => node.IsScanned && node.Tree.Nodes.Count == running.Count && node.Tree.Missing.Count == 0)
                && running.Select(node => string.Join('\n', node.Paths())).Distinct().Count() == 1;
        },
        "all nodes show the same tree");

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.KillAsync();
        foreach (var node in _nodes) Directory.Delete(node.Root, recursive: true);
        var errors = _nodes.SelectMany(node => node.Logs.Errors).ToList();
        if (!ExpectsErrors && errors.Count > 0) Assert.Fail("logged as errors:\n" + string.Join('\n', errors));
    }
}

/// <summary>A node of a <see cref="TestCluster"/>. Its root outlives it, so that it can be restarted.</summary>
internal sealed class TestNode(string name, string root)
{
    private NodeHost? _host;

    public string Name => name;

    public string Root => root;

    public TestLogs Logs { get; } = new();

    public bool IsRunning => _host is not null;

    public bool IsScanned => Host.Cluster.ScanStatus.State == ScanState.Following;

    public NodeHost Host => _host ?? throw new InvalidOperationException($"{name} does not run");

    public ITreeView Tree => Host.Cluster.Tree.For(Principal.Anonymous);

    public Uri Public => new($"http://127.0.0.1:{Host.HttpPort}/");

    public Uri Management => new($"http://127.0.0.1:{Host.ManagementPort}/");

    public async Task StartAsync(Func<NodeOptions, NodeOptions>? change = null)
    {
        var options = new NodeOptions
        {
            Root = root,
            Name = NodeName.Parse(name),
            HttpListen = ListenAddress.Parse("127.0.0.1:0"),
            ManagementListen = ListenAddress.Parse("127.0.0.1:0"),
            FtpListen = ListenAddress.Parse("127.0.0.1:0"),
            PingInterval = TimeSpan.FromSeconds(1),
            DeadAfter = TimeSpan.FromSeconds(3),
        };
        var host = new NodeHost(change?.Invoke(options) ?? options, Logs, TimeProvider.System);
        try
        {
            await host.StartAsync(CancellationToken.None);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        _host = host;
    }

    /// <summary>Stops in order: the peers are notified.</summary>
    public async Task StopAsync()
    {
        await Host.StopAsync(CancellationToken.None);
        await KillAsync();
    }

    /// <summary>Ends as by a crash: the peers are not notified.</summary>
    public async Task KillAsync()
    {
        if (_host is null) return;
        await _host.DisposeAsync();
        _host = null;
    }

    public async Task JoinAsync(TestNode other)
    {
        using var form = new FormUrlEncodedContent([new("peer", $"127.0.0.1:{other.Host.ManagementPort}")]);
        using var response = await TestCluster.Http.PostAsync(new Uri(Management, "/join/"), form);
        Assert.AreEqual(200, (int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public void Write(string path, string content)
    {
        var file = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
    }

    public IReadOnlyList<string> Paths() =>
        [.. Tree.Snapshot.Walk(VirtualPath.Root).Where(step => !step.Entry.IsDirectory).Select(step => step.Path.Value)
            .Order(StringComparer.Ordinal)];

    public Task<string> GetAsync(string path) => TestCluster.Http.GetStringAsync(new Uri(Public, path));
}
