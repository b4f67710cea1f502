using System.Diagnostics;
using Dftp.Cluster.Index;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.FileSystem;
using Microsoft.Extensions.Logging;

namespace Dftp.Cluster.Persistence;

/// <summary>
/// Restores the tree of the last start, and saves the current tree for the next: after the first scan has confirmed it, then periodically
/// while it changes, and at an orderly end. It writes a snapshot, so readers and the tree's writer never wait for it.
/// </summary>
internal sealed partial class TreeSaver(SavedTreeFile file, TreeWriter tree, LocalEntries own, NodeName node, TimeProvider time,
    ILogger log) : IDisposable
{
    /// <summary>How often it checks for changes.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    /// <summary>The share of the last write in the five seconds of an orderly end.</summary>
    private static readonly TimeSpan LastWriteLimit = TimeSpan.FromSeconds(1.5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private Task _running = Task.CompletedTask;
    private SavedTreeStatus _status = new();
    private long _savedVersion;
    private string _complained = "";

    public SavedTreeStatus Status
    {
        get
        {
            lock (_lock) return _status;
        }
    }

    /// <summary>Puts the saved tree into the empty tree.</summary>
    /// <param name="peers">The other nodes whose entries are restored.</param>
    public void Restore(IReadOnlySet<NodeName> peers)
    {
        var started = time.GetTimestamp();
        if (file.Load(name => name == node || peers.Contains(name), out var whyNot) is not { } saved)
        {
            if (whyNot is not null) LogIgnored(log, file.Path, whyNot);
            return;
        }

        tree.Begin(saved.Tree);
        own.Restored();
        Change(status => status with { Restored = saved.SavedAt });
        LogRestored(log, saved.Tree.Totals.Files, saved.Tree.Holdings.Count, saved.SavedAt.UtcDateTime,
            time.GetElapsedTime(started).TotalMilliseconds);
    }

    public void Start() => _running = RunAsync(_stopping.Token);

    /// <summary>Ends the periodic saves.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
    }

    /// <summary>Saves a last time if there are changes and enough time; otherwise the old file stays.</summary>
    public async Task SaveLastAsync()
    {
        if (!HasNews) return;
        using var limit = new CancellationTokenSource(LastWriteLimit, time);
        try
        {
            await Task.Run(() => Save(limit.Token), CancellationToken.None).WaitAsync(LastWriteLimit, time);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            LogNoTime(log, file.Path);
        }
    }

    public void Dispose() => _stopping.Dispose();

    /// <summary>A tree that no scan has confirmed is not saved: it is the restored one.</summary>
    private bool HasNews => own.IsScanned && tree.Current.Version != _savedVersion;

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            using var timer = new PeriodicTimer(Period, time);
            var pace = new SavePace();
            var pause = TimeSpan.Zero;
            var written = time.GetTimestamp();
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (!HasNews || time.GetElapsedTime(written) < pause) continue;
                var isKept = Save(cancellationToken);
                written = time.GetTimestamp();
                pause = pace.After(file.LastWritten, isKept);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The node is stopping.
        }
        catch (Exception error)
        {
            LogFailed(log, error);
        }
    }

    /// <returns>Whether it succeeded.</returns>
    private bool Save(CancellationToken cancellationToken)
    {
        var snapshot = tree.Current;
        var now = time.GetUtcNow();
        try
        {
            var started = Stopwatch.GetTimestamp();
            var bytes = file.Write(new SavedTree(snapshot, now), cancellationToken);
            LogWritten(log, snapshot.Totals.Files, bytes, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            _savedVersion = snapshot.Version;
            _complained = "";
            Change(status => status with { Written = now, Bytes = bytes, Failure = "" });
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            if (error.Message != _complained) LogUnwritable(log, file.Path, error.Message);
            _complained = error.Message;
            Change(status => status with { Failure = error.Message });
            return false;
        }
    }

    private void Change(Func<SavedTreeStatus, SavedTreeStatus> change)
    {
        lock (_lock) _status = change(_status);
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "showing the saved tree of {Time:yyyy-MM-dd HH:mm:ss} UTC, unconfirmed: {Files} file(s) of {Nodes} node(s), "
            + "loaded in {Milliseconds:F0} ms")]
    private static partial void LogRestored(ILogger log, long files, int nodes, DateTime time, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the saved tree {File} is ignored: {Reason}")]
    private static partial void LogIgnored(ILogger log, string file, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "saved the tree: {Files} file(s), {Bytes} bytes, {Milliseconds:F0} ms")]
    private static partial void LogWritten(ILogger log, long files, long bytes, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "cannot write {File}, the saved tree for the next start: {Reason}")]
    private static partial void LogUnwritable(ILogger log, string file, string reason);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "no time left to write {File}: the next start uses the tree that was saved before")]
    private static partial void LogNoTime(ILogger log, string file);

    [LoggerMessage(Level = LogLevel.Critical, Message = "saving the tree stopped by an unexpected error")]
    private static partial void LogFailed(ILogger log, Exception error);
}
