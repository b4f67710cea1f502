using System.Diagnostics.CodeAnalysis;

namespace Dftp.Cluster.LocalFiles.Scanning;

/// <summary>The queue from which the threads of one scan take directories. Last in, first out, which keeps the queue short.</summary>
internal sealed class ScanQueue
{
    private readonly Stack<ScannedDirectory> _waiting = new();
    private int _unfinished;
    private bool _isStopped;

    /// <param name="holds">The number of work items outside the queue that will be finished too, for example finding the start.</param>
    public ScanQueue(int holds) => _unfinished = holds;

    public void Add(List<ScannedDirectory> directories)
    {
        if (directories.Count == 0) return;
        lock (_waiting)
        {
            foreach (var directory in directories) _waiting.Push(directory);
            _unfinished += directories.Count;
            Monitor.PulseAll(_waiting);
        }
    }

    /// <summary>Waits for a directory. The caller calls <see cref="Finish"/> after it has added the directories found below.</summary>
    /// <returns>False if all work is done or the queue was stopped.</returns>
    public bool TryTake([NotNullWhen(true)] out ScannedDirectory? directory)
    {
        lock (_waiting)
        {
            while (true)
            {
                directory = null;
                if (_isStopped) return false;
                if (_waiting.TryPop(out directory)) return true;
                if (_unfinished == 0) return false;
                Monitor.Wait(_waiting);
            }
        }
    }

    public void Finish()
    {
        lock (_waiting)
        {
            if (--_unfinished == 0) Monitor.PulseAll(_waiting);
        }
    }

    public void Stop()
    {
        lock (_waiting)
        {
            _isStopped = true;
            Monitor.PulseAll(_waiting);
        }
    }
}
