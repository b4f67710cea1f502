using System.Text;
using Dftp.Cluster.LocalFiles;
using Dftp.Cluster.LocalFiles.Scanning;
using Dftp.Cluster.LocalFiles.Watching;

namespace Dftp.Tests.Cluster.LocalFiles.Watching;

/// <summary>A source that delivers the events of a test and refuses the watches that a test names.</summary>
internal sealed class FakeSource : EventSource
{
    private EventSink? _sink;
    private int _watches;

    /// <summary>Why a directory is not watched, by its path in the tree; null for those that are.</summary>
    public volatile Func<string, string?> Refuse = _ => null;

    public override long Watches => _watches;

    public void Overflow()
    {
        _sink!.TellOverflow();
        _sink.EndBurst();
    }

    public void Tell(string realPath, string name, EntryEvent change)
    {
        _sink!.Tell(Encoding.UTF8.GetBytes(realPath), Encoding.UTF8.GetBytes(name), change);
        _sink.EndBurst();
    }

    public override void Start(EventSink sink) => _sink = sink;

    public override string? Watch(KnownDirectory directory, DirectoryReader reader)
    {
        var refusal = Refuse(directory.Path.Value);
        directory.Watch = refusal is null ? Interlocked.Increment(ref _watches) : 0;
        return refusal;
    }

    public override void Unwatch(KnownDirectory directory) => directory.Watch = 0;

    public override void Dispose()
    {
    }
}
