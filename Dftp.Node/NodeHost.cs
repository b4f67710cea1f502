using Microsoft.Extensions.Logging;

namespace Dftp.Node;

/// <summary>The composition root: a node made of its parts.</summary>
internal sealed class NodeHost : IAsyncDisposable
{
    private readonly NodeOptions _options;
    private bool _started;

    public NodeHost(NodeOptions options, ILoggerFactory logs, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(logs);
        ArgumentNullException.ThrowIfNull(time);
        _options = options;
    }

    /// <exception cref="StartException">The machine does not let the node start as the options say.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RootDirectory.ThrowIfUnreadable(_options.Root);
        _started = true;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        if (_started) cancellationToken.ThrowIfCancellationRequested();
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
